"""What docs/promises.md names exists: each test, and each line that guards a promise."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
TEXT = (PROJECT / "docs/promises.md").read_text()
ROWS = [line for line in TEXT.splitlines() if "::test_" in line]


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip()[:40] for row in ROWS])
def test_the_test_and_the_guard_of_a_promise_exist(row):
    tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
    assert tests
    for file, test in tests:
        assert re.search(rf"^def {test}\(", (PROJECT / file).read_text(), re.M), test
    guards = re.findall(r"`([^`]+)` in `(scheduling/[\w/]+\.py)`", row)
    assert guards
    for line, file in guards:
        assert line in (PROJECT / file).read_text(), line


def test_every_promise_of_the_worker_is_there():
    assert len(ROWS) > 25
