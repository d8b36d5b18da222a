"""A whole installation, as ``script/up --demo`` starts it, and a real Chromium to use it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.process.conftest import Installation
from tests.process.nursery import PROJECT
from tests.waiting import wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "for the browser tests"


MAKE_MONITOR = f"""
from django.contrib.auth.models import Group, User
monitor = User.objects.create_user("monitor", password={PASSWORD!r}, is_staff=True)
monitor.groups.set(Group.objects.filter(name="Monitor"))
"""


class Demo:
    """``play`` brings jobs that are worth watching, and somebody who may only look."""

    def __init__(self, folder: Path, play: bool = False) -> None:
        self.installation = Installation(folder)
        # Cookies by person: signing in takes longer than most of what is tried.
        self.signed_in: dict[str, Any] = {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        env = self.installation.env | {"ADMIN_PASSWORD": PASSWORD}
        for name in ("DJANGO_SETTINGS_MODULE", "MODDB_URL", "VERSIONS_URL"):
            del env[name]
        if play:
            env["DJANGO_SETTINGS_MODULE"] = "tests.browser.settings"
        with (folder / "up.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vsmanager.up", "--demo", "--port", str(port)],
                cwd=PROJECT,
                env=env,
                stdout=log,
                stderr=log,
            )
        self.log = folder / "up.log"
        wait_until(lambda: "vsmanager is ready" in self.log.read_text(), 60)
        if play:
            done = self.installation.manage("shell", "-c", MAKE_MONITOR)
            assert done.returncode == 0, done.stderr

    def healthz(self) -> str:
        with urllib.request.urlopen(f"{self.url}/healthz") as answer:
            return answer.read().decode()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    yield demo
    if demo.process.poll() is None:
        demo.stop()


@pytest.fixture(scope="session")
def stocked(demo: Demo) -> None:
    """The demo as somebody uses it, with something on each page of mods."""
    found = re.search(r"a stand-in at (\S+)", demo.log.read_text())
    assert found
    standin = found[1]
    code = f"from tests.browser.stocking import stock; stock({standin!r})"
    served = {"MODDB_URL": standin, "VERSIONS_URL": standin}
    chosen = {"DJANGO_SETTINGS_MODULE": "vsmanager.settings", **served}
    done = demo.installation.manage("shell", "-c", code, **chosen)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("play"), play=True)
    yield demo
    demo.stop()


# Playwright keeps an event loop in this thread, in which Django refuses the database: it has
# to be gone before the next module's tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )


class Sight:
    """Opens pages signed in, and notes what the browser complains about."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self._browser, self._demo = browser, demo
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def page(
        self,
        scheme: str = "light",
        width: int = 1280,
        javascript: bool = True,
        person: str = "admin",
        **options: Any,
    ) -> Page:
        context = self._browser.new_context(
            base_url=self._demo.url,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            storage_state=self._demo.signed_in.get(person),
            **options,
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if person not in self._demo.signed_in:
            page.goto("/admin/login/?next=/settings/")
            page.locator("#id_username").fill(person)
            page.locator("#id_password").fill(PASSWORD)
            page.locator("[type=submit]").click()
            page.wait_for_url("**/settings/")
            self._demo.signed_in[person] = context.storage_state()
        return page

    def close(self) -> None:
        """The pages that were opened: each is a process of the browser."""
        for context in self._contexts:
            context.close()

    def _note(self, message) -> None:
        # A page that isn't there, or that asks again with a refusal, is one of those tried.
        asked_for = "the server responded with a status of 404" in message.text
        if message.type in ("error", "warning") and not asked_for:
            self.complaints.append(f"{message.text} ({message.location.get('url')})")


@pytest.fixture
def sight(browser: Browser, demo: Demo) -> Iterator[Sight]:
    sight = Sight(browser, demo)
    yield sight
    sight.close()
    assert sight.complaints == []


@pytest.fixture
def stage(browser: Browser, playing: Demo) -> Iterator[Sight]:
    """As ``sight``, with jobs that are worth watching."""
    stage = Sight(browser, playing)
    yield stage
    stage.close()
    assert stage.complaints == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder that SCREENSHOTS names, or one that is thrown away."""
    if folder := os.environ.get("SCREENSHOTS"):
        return Path(folder)
    return tmp_path_factory.mktemp("pictures")
