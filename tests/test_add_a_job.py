"""The samples of docs/add-a-job.md, run."""

import asyncio
import importlib
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduling import registry
from scheduling.registry import safe_job
from tests.samples import PROJECT, samples

PAGE = "docs/add-a-job.md"
PAGE_TESTS = "garden/tests.py"


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The app of the page, installed."""
    for sample in samples(PAGE, "python"):
        (tmp_path / sample.file).parent.mkdir(exist_ok=True)
        (tmp_path / sample.file).write_text(sample.text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "_jobs", {})
    for name in ("jobs", "failing", "waiting"):
        importlib.import_module(f"garden.{name}")
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "garden"]:
        del sys.modules[name]


def test_the_jobs_of_the_page_do_what_it_says(garden: Path) -> None:
    jobs = registry.jobs()
    assert list(jobs) == ["tidy_garden", "watch_garden", "water_garden"]
    assert jobs["tidy_garden"].description == "Removes what has withered."
    assert jobs["tidy_garden"].func() == {"removed": 3}
    assert asyncio.run(jobs["watch_garden"].func()) == {"looks": 3}
    with pytest.raises(Exception, match="key") as caught:
        jobs["water_garden"].func()
    assert caught.value.permanent  # type: ignore[attr-defined]
    assert caught.value.result == {"watered": 0}  # type: ignore[attr-defined]


def test_the_tests_of_the_page_pass(garden: Path) -> None:
    told = {"PYTHONPATH": f"{PROJECT}{os.pathsep}{garden}", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:django",
            "-p",
            "no:schemathesis",
            PAGE_TESTS,
        ],
        cwd=garden,
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_page_names_every_option_of_a_job() -> None:
    text = (PROJECT / PAGE).read_text()
    for option in list(inspect.signature(safe_job).parameters)[1:]:
        assert f"`{option}`" in text, option
