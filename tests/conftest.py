"""What all tests share: a file as the database, and a small cast of jobs."""

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from django.utils import translation

from scheduling import registry
from scheduling.registry import current_run, safe_job


def pytest_collection_finish() -> None:
    # What all tests share is not looked through for garbage again and again, and what each leaves
    # behind only now and then: that was an eighth of the time of all pages.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # A file, as in real life: an in-memory database knows neither WAL nor a second process.
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("db") / "test.sqlite3")


@pytest.fixture(autouse=True, scope="session")
def static_files_on_demand() -> None:
    """Each test client loads the middleware anew, and WhiteNoise would then look through all
    static files: a third of the time that tests of pages take."""
    from django.conf import settings

    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> None:
    """The real hash of a password takes a third of a second, as it should."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A request leaves its language to whatever its thread does next."""
    yield
    translation.deactivate()


@pytest.fixture
def data() -> Path:
    """The published data files."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("VSMANAGER_DATA", beside))
    if not (folder / "moddb-mods-2025-12-29.json").exists():
        pytest.skip(f"the published data is not at {folder}; VSMANAGER_DATA names its folder")
    return folder


class Cast:
    """Registered jobs for tests: ``noop``, ``failing``, ``slow`` (until let go), ``talkative``."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.begun = threading.Event()
        self.let_go = threading.Event()

        @safe_job("noop")
        def noop() -> dict[str, int]:
            """Does nothing."""
            self.calls.append("noop")
            return {"done": len(self.calls)}

        @safe_job("failing")
        def failing() -> None:
            self.calls.append("failing")
            raise ValueError("the well is dry")

        @safe_job("slow")
        def slow() -> str:
            self.calls.append("slow")
            self.begun.set()
            while not self.let_go.wait(0.02):
                current_run().check()
            return "at last"

        @safe_job("talkative")
        def talkative() -> None:
            for number in range(1_000):
                structlog.get_logger().info("said", number=number)

        self.noop, self.failing, self.slow = noop, failing, slow


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """The cast, alone on the stage: no other job is registered meanwhile."""
    monkeypatch.setattr(registry, "_jobs", {})
    cast = Cast()
    yield cast
    cast.let_go.set()
