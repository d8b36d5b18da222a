"""The text of a traceback, read so that the project's own frames come first."""

import traceback

import pytest

from scheduling.tracebacks import MAX_FRAMES, Frame, read

ROOT = "/srv/app"
CHAIN = """\
Traceback (most recent call last):
  File "/srv/app/.venv/lib/python3.13/site-packages/urllib3/pool.py", line 787, in urlopen
    response = self._make_request(
               ^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.13/http/client.py", line 1390, in getresponse
    response.begin()
ConnectionResetError: [Errno 104] Connection reset by peer

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/app/scheduling/registry.py", line 88, in run
    value = self.function()
  File "/srv/app/mods/jobs.py", line 31, in refresh
    return sync(
        "all",
        ~~~~~
    )
  File "/srv/app/mods/moddb.py", line 52, in mods
    raise UpstreamFailed from error
mods.errors.UpstreamFailed: it did not answer
"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/mods/sync.py", line 9, in both
  |     async with TaskGroup() as group:
  | ExceptionGroup: unhandled errors (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/mods/versions.py", line 4, in stable
    |     1 / 0
    |     ~~^~~
    | ZeroDivisionError: division by zero
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/usr/lib/python3.13/json/decoder.py", line 338, in decode
    |     raise JSONDecodeError
    | ValueError: no JSON
    +------------------------------------
"""


def own(text: str) -> list[tuple[str, int, str]]:
    chapters = read(text, ROOT).own
    return [(frame.file, frame.line, frame.function) for each in chapters for frame in each.frames]


def test_own_frames_are_those_of_the_project_without_what_calls_its_jobs() -> None:
    (chapter,) = read(CHAIN, ROOT).own
    assert chapter.frames == [
        Frame(
            file="mods/jobs.py",
            line=31,
            function="refresh",
            code='return sync(\n    "all",\n)',
        ),
        Frame(
            file="mods/moddb.py", line=52, function="mods", code="raise UpstreamFailed from error"
        ),
    ]
    assert chapter.error == "mods.errors.UpstreamFailed: it did not answer"


def test_the_whole_text_stays_with_files_relative_to_the_project() -> None:
    text = read(CHAIN, ROOT).text
    assert 'File "mods/jobs.py", line 31' in text
    assert 'File "/usr/lib/python3.13/http/client.py"' in text
    assert len(text.splitlines()) == len(CHAIN.splitlines())


def test_each_exception_of_a_group_keeps_its_own_frames() -> None:
    found = read(GROUP, ROOT).own
    assert own(GROUP) == [("mods/sync.py", 9, "both"), ("mods/versions.py", 4, "stable")]
    assert found[0].error == "ExceptionGroup: unhandled errors (2 sub-exceptions)"
    assert found[1].error == "ZeroDivisionError: division by zero"
    assert found[1].frames[0].code == "1 / 0"


def test_a_job_that_lies_elsewhere_is_own_too() -> None:
    assert own('  File "/opt/jobs/tides.py", line 3, in tides\n') == [
        ("/opt/jobs/tides.py", 3, "tides")
    ]


def test_the_job_that_prunes_is_own_but_the_runner_is_not() -> None:
    text = (
        '  File "/srv/app/scheduling/runner.py", line 3, in run\n    go()\n'
        '  File "/srv/app/scheduling/prune.py", line 9, in prune\n    delete()\n'
    )
    assert own(text) == [("scheduling/prune.py", 9, "prune")]


def test_a_syntax_error_has_a_frame_without_a_function() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/srv/app/mods/a.py", line 7\n'
        "    def (:\n        ^\nSyntaxError: invalid syntax\n"
    )
    (chapter,) = read(text, ROOT).own
    assert chapter.frames == [Frame(file="mods/a.py", line=7, function="", code="def (:")]
    assert chapter.error == "SyntaxError: invalid syntax"


def test_of_a_deep_recursion_the_last_calls_are_kept() -> None:
    text = "".join(f'  File "/srv/app/mods/a.py", line {n}, in f\n    f()\n' for n in range(100))
    assert [line for _file, line, _name in own(text)] == list(range(100 - MAX_FRAMES, 100))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "…",
        "no traceback at all",
        "<script>alert(1)</script>",
        '  File "/srv/mods/a.py", line 9999999999999999999999, in f',
        '  File "" , line',
        '  File "<string>", line 1, in <module>\n    x\nNameError: x',
        '  File "<frozen importlib._bootstrap>", line 1, in _load',
        "  | | | | +-+-+-+\n" * 200,
        '  File "' + '", line ' * 5_000,
        "Traceback (most recent call last):\n" * 500,
    ],
)
def test_any_text_is_read_and_has_no_own_frames(text: str) -> None:
    found = read(text, ROOT)
    assert found.text == text
    assert found.own == []


def test_a_text_that_was_cut_in_its_middle_gives_what_is_whole() -> None:
    cut = CHAIN.replace('  File "/srv/app/mods/jobs.py", line 31, in', "…")
    assert own(cut) == [("mods/moddb.py", 52, "mods")]


def test_markup_in_a_frame_is_kept_as_it_is() -> None:
    text = '  File "/srv/app/<b>.py", line 1, in <script>\n    <i>x</i>\n'
    (chapter,) = read(text, ROOT).own
    assert chapter.frames == [Frame(file="<b>.py", line=1, function="<script>", code="<i>x</i>")]


def test_what_python_writes_is_understood() -> None:
    def wet() -> None:
        raise ValueError("wet")

    try:
        wet()
    except ValueError as error:
        text = "".join(traceback.format_exception(error))
    folder = __file__.rpartition("/tests/")[0]
    (chapter,) = read(text, folder).own
    assert [frame.function for frame in chapter.frames][-1] == "wet"
    assert chapter.frames[-1].file == "tests/scheduling/test_tracebacks.py"
    assert chapter.frames[-1].code == 'raise ValueError("wet")'
    assert chapter.error == "ValueError: wet"
