"""A campaign can be repeated from its seed."""

import pytest

from .faults import EDITABLE, plan


@pytest.fixture(params=["sqlite", "postgresql"])
def planned(request):
    def planned(seed, minutes=60):
        return plan(seed=seed, minutes=minutes, workers=3, database=request.param)

    return planned


def test_the_same_seed_gives_the_same_faults(planned):
    assert planned(1) == planned(1)
    assert planned(1) != planned(2)


def test_a_longer_campaign_begins_like_a_shorter_one(planned):
    short = planned(1, minutes=5)
    assert planned(1, minutes=10)[: len(short)] == short


def test_they_come_in_order_and_in_time(planned):
    times = [fault.at for fault in planned(1)]
    assert times == sorted(times)
    assert times[-1] < 3600


def test_every_kind_comes(planned):
    kinds = {fault.kind for fault in planned(1)}
    assert kinds >= {
        "kill", "freeze", "terminate", "terminate twice", "edit", "run now", "cancel", "forget",
        "edit by SQL",
    }  # fmt: skip
    assert len(kinds) > 9


def test_the_job_without_a_gap_is_never_edited(planned):
    edits = [fault for fault in planned(1) if fault.kind.startswith("edit")]
    assert {fault.target for fault in edits} == set(EDITABLE)
