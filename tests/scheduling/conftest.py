import pytest

from .leader import Clock, Leader


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def leader(db: None, cast: object, clock: Clock) -> Leader:
    return Leader(clock)
