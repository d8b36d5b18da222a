"""A whole installation, as ``script/up --demo`` starts it, and a real Chromium to use it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.process.conftest import PROJECT, Installation
from tests.waiting import wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "for the browser tests"


class Demo:
    def __init__(self, folder: Path) -> None:
        self.installation = Installation(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        env = self.installation.env | {"ADMIN_PASSWORD": PASSWORD}
        for name in ("DJANGO_SETTINGS_MODULE", "MODDB_URL", "VERSIONS_URL"):
            del env[name]
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
        self._state = None
        self.complaints: list[str] = []

    def page(self, scheme: str = "light", width: int = 1280, javascript: bool = True) -> Page:
        context = self._browser.new_context(
            base_url=self._demo.url,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            storage_state=self._state,
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if self._state is None:
            page.goto("/admin/login/?next=/settings/")
            page.get_by_label("Username").fill("admin")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/settings/")
            self._state = context.storage_state()
        return page

    def _note(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
def sight(browser: Browser, demo: Demo) -> Iterator[Sight]:
    sight = Sight(browser, demo)
    yield sight
    assert sight.complaints == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder that SCREENSHOTS names, or one that is thrown away."""
    if folder := os.environ.get("SCREENSHOTS"):
        return Path(folder)
    return tmp_path_factory.mktemp("pictures")
