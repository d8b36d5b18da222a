"""The app alone in a project of somebody else, as docs/use-scheduling.md says."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests import once
from tests.samples import commands, samples
from tests.waiting import wait_until

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGE = "docs/use-scheduling.md"

# Signs in, and follows each link of the pages and of the admin once.
LOOK_AROUND = """
import re
from django.contrib.auth.models import User
from django.test import Client
from scheduling.models import JobRun
client = Client(HTTP_HOST="localhost")
assert client.get("/scheduling/")["Location"] == "/admin/login/?next=/scheduling/"
client.force_login(User.objects.create_superuser("ann"))
answers, ahead = {}, ["/scheduling/", "/admin/", "/api/v1/jobs", "/api/v1/docs", "/healthz"]
while ahead:
    if (url := ahead.pop()) not in answers:
        page = client.get(url)
        answers[url] = page.status_code
        if "html" in page["Content-Type"]:
            for link in re.findall(r'(?:href|hx-get|src)="(/[^"#]+)"', page.content.decode()):
                if not re.search("static|logout|auth/", link):
                    ahead.append(link.replace("&amp;", "&"))
assert "/admin/scheduling/jobschedule/1/change/" in answers and len(answers) > 40, answers
assert set(answers.values()) == {200}, answers
run = JobRun.objects.get(job_name="count_stock")
assert [e["event"] for e in run.log].count("shelf_counted") == 3, run.log
assert run.result == {"shelves": 3}
"""


class Shop:
    """A project in a folder of its own, in which nothing of this one but ``scheduling`` is."""

    def __init__(self, folder: Path) -> None:
        self.folder, packages = folder / "project", folder / "packages"
        packages.mkdir()
        (packages / "scheduling").symlink_to(PROJECT / "scheduling")
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.env = {**kept, "PYTHONPATH": str(packages), "DJANGO_SETTINGS_MODULE": "shop.settings"}
        self.folder.mkdir()
        self.run("-m", "django", "startproject", "shop", ".", DJANGO_SETTINGS_MODULE="")
        self.run("manage.py", "startapp", "stock")
        for sample in samples(PAGE, "python"):
            if sample.file == "shop/settings.py":
                sample = sample._replace(text=self.read(sample.file) + sample.text)
            (self.folder / sample.file).write_text(sample.text)

    def read(self, file: str) -> str:
        return (self.folder / file).read_text()

    def run(self, *arguments: str, **env: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.env | env,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def manage(self, command: str) -> str:
        words = command.split()
        assert words[0] == "python"
        return self.run(*words[1:])


@pytest.mark.process
@once.on_postgresql
def test_a_fresh_project_with_nothing_but_the_app_works_as_the_page_says(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    install, migrate, jobs, run_one, worker = commands(PAGE)
    assert install == "pip install ../vsmanager/scheduling"
    shop.run("manage.py", "check", "--database", "default")
    shop.manage(migrate)
    assert "count_stock  every 5 minutes" in shop.manage(jobs)
    assert "count_stock: succeeded" in shop.manage(run_one)
    shop.run("manage.py", "shell", "--no-imports", "-c", LOOK_AROUND)
    with (tmp_path / "log").open("w") as log:
        leader = subprocess.Popen(
            [sys.executable, *worker.split()[1:]], cwd=shop.folder, env=shop.env, stderr=log
        )
    try:
        wait_until(lambda: "job_registered" in (tmp_path / "log").read_text(), 20)
    finally:
        leader.send_signal(signal.SIGTERM)
    assert leader.wait(20) == 0


PACKAGE = tomllib.loads((PROJECT / "scheduling/pyproject.toml").read_text())["project"]
WHOLE = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", each, maxsplit=1)[0] for each in requirements}


def test_the_package_needs_what_it_imports_and_the_project_needs_it_too() -> None:
    imported = {
        name.partition(".")[0]
        for path in (PROJECT / "scheduling").rglob("*.py")
        if "procrastinate" not in str(path.relative_to(PROJECT))
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    providers = packages_distributions()
    wanted = {
        providers[name][0].lower().replace("_", "-")
        for name in imported - {"scheduling"}
        if name in providers and name not in sys.stdlib_module_names
    }
    needed = names(PACKAGE["dependencies"])
    # Django and django-ninja bring these themselves.
    assert wanted - {"asgiref", "pydantic"} <= needed, json.dumps(sorted(wanted - needed))
    assert needed <= names(WHOLE["dependencies"])


def test_the_package_has_the_version_of_the_project() -> None:
    assert PACKAGE["version"] == WHOLE["version"]
