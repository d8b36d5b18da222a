"""What tests start is a process like any other."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from .nursery import start

pytestmark = pytest.mark.process

SCRIPT = """
import atexit, os, sys, time
print(sorted(os.environ), sys.argv[1:], __name__, os.getcwd(), time.localtime().tm_zone)
print(__debug__)
print("to the other", file=sys.stderr)
atexit.register(print, "at the end")
sys.exit(int(os.environ["CODE"]))
"""

WAITING = "import time; time.sleep(60)"

COUNTING = """
import os
def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
print([number for number in range(3, 100) if is_open(number)])
"""


@pytest.fixture
def script(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text)
        return str(path)

    return write


def run(*arguments: str, **env: str) -> tuple[int, str, str]:
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        code = start(arguments, env, out, err).wait(20)
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


@pytest.mark.parametrize("more", [{}, {"PYTHONOPTIMIZE": "1"}])
def test_it_does_what_a_new_python_does(script, more):
    path, env = script(SCRIPT), {"CODE": "3", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", **more}
    plain = subprocess.run(
        [sys.executable, path, "a", "b c"],
        cwd=Path(__file__).parents[2],
        env=env,
        text=True,
        capture_output=True,
        check=False,
    )
    assert run(path, "a", "b c", **env) == (3, plain.stdout, plain.stderr)
    assert "at the end" in plain.stdout


def test_a_module_is_run_as_with_m():
    code, out, err = run("-m", "this")
    assert (code, err) == (0, "")
    assert "Simple is better than complex." in out


def test_a_signal_that_ended_it_is_told(script):
    with tempfile.TemporaryFile() as out:
        process = start([script(WAITING)], {}, out, out)
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        process.kill()
        assert process.wait(20) == -signal.SIGKILL
        assert process.poll() == -signal.SIGKILL


def test_it_holds_no_file_of_anybody_else(script):
    with tempfile.TemporaryFile() as out:
        other = start([script(WAITING)], {}, out, out)
        try:
            assert run(script(COUNTING)) == (0, "[]\n", "")
        finally:
            other.kill()
