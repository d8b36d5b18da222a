"""The house's rules: who may import whom, and what we lean on in APScheduler."""

import ast
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

PROJECT = Path(__file__).resolve().parent.parent
APSCHEDULER_MODULES = {"scheduler", "service", "jobstore", "executors", "triggers"}


def sources(*folders):
    for folder in folders:
        yield from sorted((PROJECT / folder).rglob("*.py"))


def imported(path):
    """The modules a file imports, with relative ones made absolute."""
    package = path.relative_to(PROJECT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def importers(prefix, *folders):
    return {
        str(path.relative_to(PROJECT))
        for path in sources(*folders)
        if any(name == prefix or name.startswith(f"{prefix}.") for name in imported(path))
    }


@pytest.mark.parametrize(
    ("lower", "upper"),
    [("scheduling", "mods"), ("scheduling", "vsmanager"), ("mods", "vsmanager")],
)
def test_imports_point_one_way(lower, upper):
    assert importers(upper, lower) == set()


def test_only_five_modules_know_apscheduler():
    assert importers("apscheduler", "scheduling", "mods", "vsmanager") == {
        f"scheduling/{name}.py" for name in APSCHEDULER_MODULES
    }


def test_only_its_own_package_and_command_know_procrastinate():
    """It is an extra: all else has to do without."""
    known = importers("procrastinate", "scheduling", "mods", "vsmanager")
    assert {path for path in known if not path.startswith("scheduling/procrastinate/")} == {
        "scheduling/management/commands/procrastinate.py"
    }


@pytest.mark.parametrize("name", ["registry", "context", "progress", "outcome"])
def test_the_registry_knows_neither_django_nor_apscheduler(name):
    path = PROJECT / f"scheduling/{name}.py"
    assert not any(name.startswith(("django", "apscheduler")) for name in imported(path))


def test_a_job_can_be_written_and_called_without_settings():
    code = "from scheduling.registry import safe_job, current_run; current_run().progress(1, 2)\n"
    code += "from scheduling.errors import RunCancelled; assert 'cancelled' in str(RunCancelled())"
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=env, check=True)


def test_no_module_is_called_after_nothing_in_particular():
    empty_words = {"utils", "helpers", "common", "manager"}
    assert not [path for path in sources("scheduling", "mods") if path.stem in empty_words]


def test_the_private_names_of_apscheduler_that_the_scheduler_leans_on_are_there():
    assert version("apscheduler").startswith("3.11.")
    scheduler = BackgroundScheduler(timezone="UTC")
    for name in ("_main_loop", "_process_jobs", "_jobstores_lock", "_event", "_thread", "state"):
        assert hasattr(scheduler, name), name


def test_apschedulers_loop_asks_our_pass_how_long_to_wait(monkeypatch):
    """``_main_loop`` calls ``_process_jobs`` until the state is stopped."""
    scheduler = BackgroundScheduler(timezone="UTC")
    waits = []

    class Event:
        def wait(self, seconds):
            waits.append(seconds)

        def clear(self):
            if len(waits) == 3:
                scheduler.state = 0

    scheduler.state, scheduler._event = 1, Event()
    monkeypatch.setattr(scheduler, "_process_jobs", lambda: 0.25)
    scheduler._main_loop()
    assert waits[1:] == [0.25, 0.25]
