"""./script/audit never says that all is well when nobody was asked."""

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "script/audit.py"
GOOD = {"name": "django", "version": "6.1.3", "vulns": []}
UNKNOWN = {"name": "django", "skip_reason": "Dependency not found on PyPI"}
BAD = {
    "name": "django",
    "version": "6.1.3",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["6.1.4"], "description": "…"}],
}


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("packages", "code", "told"),
    [
        ([GOOD, GOOD], 0, "No known vulnerability in 2 packages."),
        ([GOOD, BAD], 1, "django 6.1.3: PYSEC-2026-1, mended in 6.1.4"),
        ([UNKNOWN, BAD], 1, "PYSEC-2026-1"),
        ([UNKNOWN, UNKNOWN], 3, "No advisory service was reached"),
        ([GOOD, UNKNOWN], 3, "does not know: django"),
        ([], 3, "no package at all"),
    ],
)
def test_what_was_learnt_is_told(
    audit: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    packages: list[dict[str, Any]],
    code: int,
    told: str,
) -> None:
    answer = SimpleNamespace(stdout=json.dumps({"dependencies": packages}), stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    assert audit.main([]) == code
    assert told in capsys.readouterr().out


def test_a_service_that_is_away_is_told(
    audit: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = SimpleNamespace(stdout="", stderr="Traceback\nConnectionError: no route")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    assert audit.main([]) == 3
    assert "No advisory service was reached; pip-audit said: Connection" in capsys.readouterr().out


def test_every_locked_list_is_asked_about(audit: ModuleType) -> None:
    lists = {path.name for path in SCRIPT.parent.parent.glob("requirements*.txt")}
    assert lists - {"requirements-dev.txt"} == {*audit.FILES}
