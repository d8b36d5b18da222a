"""The tutorial, done: every command, every sample and every output of docs/tutorial.md."""

import os
import re
import shutil
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests

from tests import once
from tests.samples import samples
from tests.waiting import wait_until

from .test_up import free_port

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGE = "docs/tutorial.md"
PARTS = ("manage.py", "mods", "scheduling", "vsmanager", "templates", "script", "requirements.txt")
UP = "./script/up --demo"

pytestmark = pytest.mark.process


class Clone:
    """A copy of the project, and the shell of who follows the tutorial in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.said = folder, free_port(), ""
        self.site = f"http://127.0.0.1:{self.port}"
        for name in PARTS:
            source = PROJECT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
        # What script/venv would make, with the packages that are there.
        python = folder / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        shutil.copy(PROJECT / "requirements.txt", folder / ".venv/installed-requirements.txt")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.env = {**kept, "ADMIN_PASSWORD": "water for everybody", "LOG_FORMAT": "json"}
        self.running: subprocess.Popen[str] | None = None

    def sh(self, text: str) -> None:
        """Type these lines; ``export`` and the like hold for those that come later."""
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        done = subprocess.run(
            ["/bin/sh", "-ec", f"{text}\nenv -0 > shell"],
            cwd=self.folder,
            env=self.env,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        self.said = done.stdout + done.stderr
        lines = (self.folder / "shell").read_text().split("\0")
        self.env |= dict(line.split("=", 1) for line in lines if line.startswith("DATABASE_URL="))

    def up(self) -> None:
        log = self.folder / "log"
        with log.open("w") as out:
            self.running = subprocess.Popen(
                [*UP.split(), "--port", str(self.port)],
                cwd=self.folder,
                env=self.env,
                stdout=out,
                stderr=out,
                text=True,
            )
        wait_until(lambda: "vsmanager is ready" in log.read_text() or self.running.poll(), 60)
        self.said = log.read_text()

    def press_ctrl_c(self) -> None:
        if self.running is not None:
            self.running.send_signal(signal.SIGINT)
            assert self.running.wait(30) == 0
            self.running = None

    def heard(self, text: str) -> bool:
        """Whether each line of the sample came, but for digits and the width of columns."""
        return all(plain(line) in plain(self.said) for line in text.strip().splitlines())


def plain(text: str) -> str:
    return " ".join(re.sub(r"\d+", "0", text).split())


class Form(HTMLParser):
    """The fields of a page's form, as a browser would send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._choice = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        name, kind = told.get("name", ""), told.get("type", "text")
        chosen = kind not in ("checkbox", "radio", "submit") or "checked" in told
        if tag == "input" and name and chosen:
            self.fields[name] = told.get("value", "on" if kind == "checkbox" else "")
        elif tag in ("select", "textarea"):
            self._choice = name
            self.fields.setdefault(name, "")
        elif tag == "option" and "selected" in told:
            self.fields[self._choice] = told.get("value", "")


def edit_in_the_admin(site: str) -> None:
    """Sign in, choose the job, set two seconds, save."""
    browser = requests.Session()
    sign_in = Form(browser.get(f"{site}/admin/login/").text).fields
    sign_in |= {"username": "admin", "password": "water for everybody", "next": "/admin/"}
    assert browser.post(f"{site}/admin/login/", sign_in).url == f"{site}/admin/"
    listed = browser.get(f"{site}/admin/scheduling/jobschedule/").text
    link = re.search(r'href="([^"]*/change/[^"]*)">water_plants<', listed)
    assert link, listed
    page = site + link[1]
    form = Form(browser.get(page).text).fields
    form |= {"interval_seconds": "2", "interval_seconds_unit": "seconds"}
    saved = browser.post(page, form | {"_continue": "Save"}, headers={"Referer": page})
    assert "every 2 seconds" in saved.text, saved.text


def follow(clone: Clone) -> None:
    for sample in samples(PAGE):
        if sample.text.strip() == UP:
            edited = clone.running is not None or (clone.folder / "greenhouse").exists()
            clone.up()
            if edited:
                edit_in_the_admin(clone.site)
                wait_until(lambda: has_run_by_itself(clone), 20)
        elif sample.language == "sh":
            if "startapp" in sample.text:
                clone.press_ctrl_c()
            clone.sh(sample.text)
        elif sample.file == "vsmanager/settings.py":
            with (clone.folder / sample.file).open("a") as settings:
                settings.write(sample.text)
        elif sample.file:
            (clone.folder / sample.file).write_text(sample.text)
        else:
            assert clone.heard(sample.text), f"{sample.text}\nwas not in:\n{clone.said}"


def has_run_by_itself(clone: Clone) -> bool:
    clone.sh('.venv/bin/python - <<"E"\n' + LAST_RUN + "E\n")
    return "succeeded" in clone.said


LAST_RUN = """
import sqlite3
asked = "SELECT status FROM scheduling_jobrun WHERE job_name='water_plants' AND trigger='schedule'"
print(sqlite3.connect(".demo/db.sqlite3").execute(asked).fetchall())
"""


@once.on_postgresql
def test_whoever_follows_the_tutorial_gets_what_it_says(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    try:
        follow(clone)
    finally:
        clone.press_ctrl_c()
