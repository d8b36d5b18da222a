"""The very commands of compose.yaml, the Dockerfile and the units, run without their engines.

As somebody else than root where the tests are root, with what they name of a machine (secrets,
folders, ports) put where a test may have it.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import once
from tests.deployment import UNITS, compose, dockerfile, environment, nobody, unit, words
from tests.waiting import wait_until

from .databases import SERVER
from .nursery import PROJECT
from .test_up import free_port

pytestmark = pytest.mark.process
BIN = Path(sys.executable).parent


class Ground:
    """A folder that whoever runs things owns, and the processes run in it."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self.who = nobody(address)
        self.processes: list[subprocess.Popen[str]] = []
        try:
            subprocess.run([sys.executable, "-c", "import django"], check=True, **self.who)
        except (OSError, subprocess.CalledProcessError):
            # This Python is root's own.
            self.who = {}
        self.hand_over()

    def hand_over(self) -> None:
        for path in (self.folder, *self.folder.rglob("*")) if self.who else ():
            os.chown(path, self.who["user"], self.who["group"])

    def start(self, command: list[str], env: dict[str, str]) -> subprocess.Popen[str]:
        found = BIN / command[0]
        with self.log(len(self.processes)).open("w") as log:
            process = subprocess.Popen(
                [str(found) if found.exists() else command[0], *command[1:]],
                cwd=PROJECT,
                env={"PATH": f"{BIN}:{os.environ['PATH']}", **env},
                text=True,
                stdout=log,
                stderr=log,
                **self.who,
            )
        self.processes.append(process)
        return process

    def run(self, command: list[str], env: dict[str, str]) -> tuple[int, str]:
        process = self.start(command, env)
        code = process.wait(60)
        return code, self.log(len(self.processes) - 1).read_text()

    def log(self, number: int) -> Path:
        return self.folder / f"log{number}"


@pytest.fixture
def ground(empty):
    folder = Path(tempfile.mkdtemp(prefix="vsm"))
    address = empty.database.url
    if not SERVER:
        address = f"sqlite:///{folder}/db.sqlite3"
    ground = Ground(folder, address)
    yield ground
    for process in ground.processes:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
    shutil.rmtree(folder)


class Composed:
    """The services of compose.yaml, on this ground."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.port = ground, free_port()
        self.services = compose()["services"]
        secrets = ground.folder / "secrets"
        subprocess.run([PROJECT / "script/secrets", secrets], check=True, timeout=20)
        (secrets / "database_url").unlink()
        (secrets / "database_url").write_text(ground.address + "\n")
        ground.hand_over()

    def env(self, name: str) -> dict[str, str]:
        image = next(rest for what, rest in dockerfile() if what == "ENV" and "PATH" in rest)
        set_there = dict(one.split("=", 1) for one in image.split() if "PATH" not in one)
        env = set_there | self.services[name]["environment"]
        del env["STATIC_ROOT"]
        beat = {"BEAT_FILE": f"{self.ground.folder}/beat-{name}"}
        inside = "/run/secrets/"
        return {
            key: str(value).replace(inside, f"{self.ground.folder}/secrets/")
            for key, value in (env | beat).items()
        } | {"MODDB_URL": "http://127.0.0.1:9", "VERSIONS_URL": "http://127.0.0.1:9"}

    def command(self, name: str) -> list[str]:
        return [
            each.replace("0.0.0.0:8000", f"127.0.0.1:{self.port}")
            for each in words(self.services[name]["command"])
        ]

    def start(self, name: str) -> subprocess.Popen[str]:
        return self.ground.start(self.command(name), self.env(name))

    def is_well(self, name: str) -> bool:
        check = self.services[name]["healthcheck"]["test"][1:]
        port = [str(self.port)] if name == "web" else []
        return self.ground.run([*check, *port], self.env(name))[0] == 0


def get(port: int, path: str, **headers: str) -> tuple[int, Message, bytes]:
    """The status, the headers and the body."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Host": "localhost"} | headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


@once.on_postgresql
def test_what_compose_starts_works_is_found_well_and_stops(ground):
    composed = Composed(ground)
    for _ in range(2):
        code, told = ground.run(composed.command("prepare"), composed.env("prepare"))
        assert code == 0, told
    assert "with the password" not in told

    assert not composed.is_well("web")
    assert not composed.is_well("worker")
    running = {name: composed.start(name) for name in ("web", "worker", "stand-by")}
    for name in running:
        wait_until(lambda name=name: composed.is_well(name), 30)

    scheduler = json.loads(get(composed.port, "/healthz")[2])["data"]["scheduler"]
    assert scheduler["status"] == "running"
    for process in running.values():
        process.send_signal(signal.SIGTERM)
    assert [process.wait(30) for process in running.values()] == [0, 0, 0]


@once.on_postgresql
def test_the_administrators_password_comes_from_its_file_and_is_not_set_again(ground):
    composed = Composed(ground)
    password = (ground.folder / "secrets/admin_password").read_text().strip()
    env = composed.env("prepare")

    def fits():
        script = (
            "from django.contrib.auth.models import User;"
            f"print(User.objects.get(username='admin').check_password({password!r}))"
        )
        _, told = ground.run(["python", "manage.py", "shell", "-v0", "-c", script], env)
        return "True" in told

    _, told = ground.run(composed.command("prepare"), env)
    assert "with the password in ADMIN_PASSWORD" in told
    assert password not in told
    assert fits()
    other = ground.folder / "secrets/other"
    other.write_text("another one, and long\n")
    ground.hand_over()
    ground.run(composed.command("prepare"), env | {"ADMIN_PASSWORD_FILE": str(other)})
    assert fits()


@once.on_postgresql
def test_the_files_of_the_image_are_hashed_and_kept_for_good(ground):
    step = next(rest for name, rest in dockerfile() if name == "RUN" and "collectstatic" in rest)
    collect = step.split("&&")[0].replace("/app/static", f"{ground.folder}/static")
    command = collect.replace("/venv/bin/python", sys.executable)
    code, told = ground.run(["sh", "-c", command], {})
    assert code == 0, told
    # Who made them is not who serves them.
    for path in (ground.folder / "static").rglob("*"):
        assert path.stat().st_mode & 0o004, path

    composed = Composed(ground)
    ground.run(composed.command("prepare"), composed.env("prepare"))
    env = composed.env("web") | {"STATIC_ROOT": f"{ground.folder}/static"}
    ground.start(composed.command("web"), env)
    wait_until(lambda: composed.is_well("web"), 30)
    page = get(composed.port, "/admin/login/")[2].decode()
    sheet = page.split('href="/static/')[1].split('"')[0]
    status, headers, _ = get(composed.port, f"/static/{sheet}", **{"Accept-Encoding": "gzip"})
    assert status == 200
    assert headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert headers["Content-Encoding"] == "gzip"


def test_static_files_that_were_not_collected_stop_the_start(ground):
    composed = Composed(ground)
    env = composed.env("web") | {"STATIC_ROOT": str(ground.folder)}
    code, told = ground.run(composed.command("web"), env)
    assert code != 0
    assert "Run: python manage.py collectstatic" in told


def test_a_bad_setting_stops_the_pages_in_one_line(ground):
    env = Composed(ground).env("web") | {"WEB_THREADS": "0"}
    code, told = ground.run(["gunicorn", "vsmanager.wsgi"], env)
    wrong = "vsmanager can't start: WEB_THREADS must be from 1 to 100, not 0."
    assert (code, json.loads(told)["event"]) == (1, wrong)
    del env["WEB_THREADS"]
    code, told = ground.run(["gunicorn", "vsmanager.wsgi"], env | {"HTTPS": "true"})
    assert (code, told.count("\n")) == (1, 1)
    assert "vsmanager can't start: HTTPS needs TRUSTED_PROXIES" in told


def test_debug_listens_to_nobody_else(ground):
    env = Composed(ground).env("web") | {"DEBUG": "true"}
    command = ["gunicorn", "vsmanager.wsgi", "--bind", f"0.0.0.0:{free_port()}"]
    code, told = ground.run(command, env)
    assert code != 0
    assert "vsmanager can't start: DEBUG must be false to listen at 0.0.0.0." in told
    assert "Traceback" not in told


class Ear:
    """Systemd's side of sd_notify: all that a process has told."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        path.chmod(0o777)
        self.path = path
        self._told: list[str] = []

    @property
    def told(self) -> str:
        try:
            while True:
                self._told.append(self._socket.recv(1000).decode())
        except BlockingIOError:
            return "\n".join(self._told)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def ear(ground):
    ears = []

    def make():
        ears.append(Ear(ground.folder / f"notify{len(ears)}"))
        return ears[-1]

    yield make
    for each in ears:
        each.close()


@pytest.fixture
def installed(ground):
    """The environment of the units, and the commands that they start."""
    env = environment(PROJECT / "deploy/vsmanager.env") | {
        "DATABASE_URL": ground.address,
        "SECRET_KEY_FILE": f"{ground.folder}/secret_key",
    }
    del env["STATIC_ROOT"]
    commands = {}
    for path in UNITS:
        line = unit(path)["ExecStart"][0].replace("/opt/vsmanager/.venv/bin/", "")
        commands[path.name.split(".")[0].rstrip("@")] = words(line)
    code, told = ground.run(["python", "-m", "vsmanager.prepare"], env)
    assert code == 0, told
    return env, commands


@once.on_sqlite
def test_systemd_hears_which_worker_leads_that_both_beat_and_that_they_stop(ground, ear, installed):
    env, commands = installed
    ears = [ear(), ear()]
    workers = []
    for each in ears:
        told_to = {"NOTIFY_SOCKET": str(each.path)}
        workers.append(ground.start(commands["vsmanager-worker"], env | told_to))
        wait_until(lambda each=each: "WATCHDOG=1" in each.told, 30)
        wait_until(lambda each=each: "STATUS=" in each.told, 30)
        assert each.told.startswith("READY=1")
    wait_until(lambda: "STATUS=leads since " in ears[0].told, 30)
    wait_until(lambda: "STATUS=stands by: another worker leads" in ears[1].told, 30)
    workers[0].send_signal(signal.SIGTERM)
    assert workers[0].wait(30) == 0
    assert "STOPPING=1\nSTATUS=stops" in ears[0].told
    wait_until(lambda: "STATUS=leads since " in ears[1].told, 30)


@once.on_sqlite
def test_systemd_hears_when_the_pages_are_there_and_they_insist_on_https(ground, ear, installed):
    env, commands = installed
    port, notify = free_port(), ear()
    told_to = {"NOTIFY_SOCKET": str(notify.path)}
    command = [each.replace(":8000", f":{port}") for each in commands["vsmanager-web"]]
    process = ground.start(command, env | told_to)
    wait_until(lambda: "READY=1" in notify.told, 30)
    host = {"Host": env["ALLOWED_HOSTS"]}

    status, headers, _ = get(port, "/admin/login/", **host)
    there = urlsplit(headers["Location"])
    assert (status, there.scheme, there.netloc) == (301, "https", env["ALLOWED_HOSTS"])
    by_https = {"X-Forwarded-Proto": "https"}
    status, headers, _ = get(port, "/admin/login/", **host, **by_https)
    assert status == 200
    assert headers["Strict-Transport-Security"] == f"max-age={env['HSTS_SECONDS']}"
    cookie = headers["Set-Cookie"]
    for word in ("Secure", "HttpOnly", "SameSite=Lax"):
        assert word in cookie
    assert get(port, "/healthz", **host)[0] == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


@once.on_sqlite
def test_the_settings_of_the_example_leave_django_nothing_to_warn_of(ground, installed):
    env, _ = installed
    command = ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    code, told = ground.run(command, env)
    assert (code, "WARNINGS" in told) == (0, False), told


@once.on_sqlite
def test_the_command_vsmanager_is_set_up_as_the_services_are(ground, installed):
    env, _ = installed
    home = ground.folder / "home"
    home.mkdir()
    (home / ".venv").symlink_to(BIN.parent)
    for name in ("manage.py", "vsmanager", "scheduling", "mods", "templates", "locale"):
        (home / name).symlink_to(PROJECT / name)
    file = ground.folder / "vsmanager.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in env.items()))
    ground.hand_over()
    where = {"VSMANAGER_ENV": str(file), "VSMANAGER_HOME": str(home)}
    command = str(PROJECT / "deploy/vsmanager")
    code, told = ground.run([command, "jobs"], where)
    assert code == 0, told
    assert "mod_cache_refresh" in told
    code, told = ground.run([command, "prepare"], where)
    assert told == "The database is ready.\n"


@pytest.mark.skipif(bool(SERVER), reason="about files")
def test_a_database_that_others_could_read_is_closed_to_them(ground, installed):
    env, _ = installed
    database = ground.folder / "db.sqlite3"
    database.chmod(0o644)
    ground.run(["python", "manage.py", "check"], env)
    assert database.stat().st_mode & 0o777 == 0o600
