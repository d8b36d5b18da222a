"""The text of a Python traceback, read so that the project's own frames come first. Pure.

What it can't make sense of it leaves alone: the text is shown in full anyway.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import dedent

# More than anybody reads; a deep recursion repeats itself.
MAX_FRAMES = 30
_FRAME = re.compile(r'  File "(.+)", line (\d{1,9})(?:, in (.*))?')
_HEADER = re.compile(r"(?:Exception Group )?Traceback \(most recent call last\):")
# Inside a group of exceptions each line has a margin of these.
_MARGIN = re.compile(r"\s*(?:\| ?|\+ (?=Exception Group))")
_RULE = re.compile(r"\s*\+[-+]+(?: (?:\d+|\.\.\.) -+)?\s*")
_CARETS = re.compile(r"[\s~^]*")
_LIBRARIES = re.compile(r"[/\\](?:site-packages|dist-packages|lib[/\\]python\d[^/\\]*)[/\\]", re.I)
# What stands between the worker and the job's own function.
_PLUMBING = re.compile(r"scheduling/(?:registry|runner|outcome|threads|executors|context)\.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A call. ``file`` is relative to the project where it lies in it."""

    file: str
    line: int
    function: str
    code: str


@dataclass(slots=True)
class Chapter:
    """One exception of those that a traceback tells of, with the project's own frames."""

    frames: list[Frame] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traceback:
    """``own`` are the chapters that have frames of the project or of a job."""

    text: str
    own: list[Chapter]


def read(text: str, root: str) -> Traceback:
    """``root`` is the project's directory."""
    root = root.rstrip("/")
    lines = [_MARGIN.sub("", line, count=1) for line in text.splitlines()]
    chapters = [_chapter(part, root) for part in _parts(lines)]
    own, left = [], MAX_FRAMES
    for chapter in chapters:
        # The last calls are those that failed.
        chapter.frames = chapter.frames[-left:] if left else []
        left -= len(chapter.frames)
        if chapter.frames:
            own.append(chapter)
    return Traceback(text=text.replace(f'File "{root}/', 'File "') if root else text, own=own)


def _parts(lines: list[str]) -> Iterator[list[str]]:
    """The lines of each exception."""
    part: list[str] = []
    for line in lines:
        if _HEADER.fullmatch(line.strip()) or _RULE.fullmatch(line):
            yield part
            part = []
        else:
            part.append(line)
    yield part


def _chapter(lines: list[str], root: str) -> Chapter:
    chapter, seen_frame = Chapter(), False
    for number, line in enumerate(lines):
        if found := _FRAME.fullmatch(line):
            seen_frame = True
            file, at, function = found.groups(default="")
            if _is_own(file, root):
                chapter.frames.append(
                    Frame(
                        file=file.removeprefix(f"{root}/"),
                        line=int(at),
                        function=function,
                        code=_code(lines[number + 1 :]),
                    )
                )
        elif seen_frame and not chapter.error and line[:1].strip():
            chapter.error = line.strip()
    return chapter


def _code(lines: list[str]) -> str:
    """The source that follows a frame, without the marks below it."""
    code = []
    for line in lines:
        if not line.startswith("    "):
            break
        if not _CARETS.fullmatch(line):
            code.append(line)
    return dedent("\n".join(code))


def _is_own(file: str, root: str) -> bool:
    if file.startswith("<") or _LIBRARIES.search(file):
        return False
    return not _PLUMBING.fullmatch(file.removeprefix(f"{root}/"))
