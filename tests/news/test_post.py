"""The process that sends: real webhooks and mails, and what it refuses."""

import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from mods.news import post
from mods.news.courier import REFUSED, _detail
from scheduling.context import RunContext, entered
from scheduling.errors import RunCancelled

from .conftest import SECRET, Mailbox, Receiver


def test_a_webhook_takes_the_message(receiver: Receiver, private: None) -> None:
    answer = post.send(f"json://127.0.0.1:{receiver.port}/{SECRET}", "Title", "One\nTwo")
    assert answer.problem == ""
    assert answer.service == "JSON"
    assert receiver.bodies[0]["title"] == "Title"
    assert receiver.bodies[0]["message"] == "One\nTwo"


def test_a_mail_is_delivered_by_smtp(mailbox: tuple[Mailbox, int], private: None) -> None:
    box, port = mailbox
    address = f"mailto://127.0.0.1:{port}?from=vs@example.com&to=ann@example.com&mode=insecure"
    assert post.send(address, "Title", "The body").problem == ""
    (mail,) = box.mails
    assert mail["To"] == "ann@example.com"
    assert mail["Subject"] == "Title"
    assert "The body" in str(mail)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "10.0.0.1", "169.254.169.254"]
)
def test_an_address_inside_is_refused_when_it_is_saved_and_when_it_is_used(host: str) -> None:
    address = f"json://{host}/{SECRET}"
    for answer in (post.try_address(address), post.send(address, "T", "B")):
        assert "inside its network" in answer.problem
        assert SECRET not in answer.problem


def test_a_mail_server_inside_is_refused(mailbox: tuple[Mailbox, int]) -> None:
    address = f"mailto://u:{SECRET}@example.com:{mailbox[1]}?smtp=127.0.0.1&to=ann@example.com"
    assert "inside its network" in post.send(address, "T", "B").problem
    assert mailbox[0].mails == []


COURIER = """
import json, sys
from mods.news import courier
# The name resolved to a public address when it was looked at, and to another one a moment later.
courier.check_host = lambda host: None
print(json.dumps(courier.answer(json.load(sys.stdin))))
"""


def courier(address: str, *, allow_private: bool = False, code: str = COURIER) -> dict[str, str]:
    """As the process does it, behind a name service that changes its mind."""
    asked = {"address": address, "title": "T", "body": "B", "allow_private": allow_private}
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=post._PROJECT,
        check=True,
    )
    told: dict[str, str] = json.loads(done.stdout)
    return told


def test_a_name_that_changes_after_the_look_reaches_nothing_inside(receiver: Receiver) -> None:
    assert courier(f"json://localhost:{receiver.port}/")["problem"] == "inside"
    assert receiver.bodies == []


def test_redirects_are_not_followed(receiver: Receiver, private: None) -> None:
    receiver.answers = [(302, {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"})]
    answer = post.send(f"json://127.0.0.1:{receiver.port}/here", "T", "B")
    assert answer.problem
    assert "/elsewhere" not in receiver.paths


@pytest.mark.parametrize("scheme", sorted(REFUSED))
def test_services_that_act_on_this_machine_are_refused(scheme: str, private: None) -> None:
    assert "act on this machine" in post.try_address(f"{scheme}://host/{SECRET}").problem


@pytest.mark.parametrize(
    "address",
    [
        "workflow://h/w/s/?template=/etc/passwd",
        "json://8.8.8.8/?Attach=/etc/passwd",
        "mailto://u:p@8.8.8.8?PGPKEY=/etc/passwd",
    ],
)
def test_addresses_that_name_files_are_refused(address: str, private: None) -> None:
    assert "names a file" in post.try_address(address).problem


def test_the_process_opens_no_file_of_this_machine_whatever_a_plugin_asks_for() -> None:
    code = (
        "from mods.news.courier import Guard, answer\n"
        "import apprise\n"
        "Guard(allow_private=True).install()\n"
        "for path in ('secret_key', 'db.sqlite3', '/etc/passwd', '/proc/self/environ'):\n"
        "    try: open(path)\n"
        "    except PermissionError: print('refused')\n"
        "import subprocess\n"
        "try: subprocess.run(['true'])\n"
        "except PermissionError: print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=post._PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused"] * 5


def test_the_files_of_the_project_are_refused_wherever_it_lies(tmp_path: Path) -> None:
    """Below what may be read otherwise, as ``/usr/src/app``, and on Python's path."""
    project, beside = tmp_path / "project", tmp_path / "beside"
    for folder in (project, beside):
        folder.mkdir()
        (folder / "key").write_text("secret")
    code = (
        "from mods.news import courier\n"
        f"courier._SYSTEM = ({str(tmp_path)!r} + '/',)\n"
        "courier.Guard(allow_private=True).install()\n"
        f"print(open({str(beside / 'key')!r}).read())\n"
        f"try: open({str(project / 'key')!r})\n"
        "except PermissionError: print('refused')\n"
    )
    path = os.pathsep.join((str(post._PROJECT), str(tmp_path)))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.stdout.split() == ["secret", "refused"]


def test_a_plugin_is_watched_from_the_moment_that_it_sees_the_address() -> None:
    code = COURIER.replace("# The name", "import apprise\n# The name").replace(
        "print(", "apprise.Apprise.instantiate = lambda *_, **__: open('/etc/passwd')\nprint("
    )
    assert courier("json://example.com/", code=code)["problem"] == "file"


@pytest.mark.parametrize("length", [0, 3_900, 4_000, 4_010, 50_000])
def test_no_half_of_a_secret_is_told_where_much_was_said(length: int) -> None:
    told = io.StringIO("x" * 5_000 + f" {SECRET}\nthe end of it {SECRET} " + "y" * length)
    detail = _detail(told, f"json://host/{SECRET}")
    for begin in range(len(SECRET) - 5):
        assert SECRET[begin : begin + 6] not in detail


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "://", "json://", "http://[", "json://[::1", "a" * 3_000, "json://h\x00/"],
)
def test_nonsense_is_told_in_words(address: str, private: None) -> None:
    assert post.try_address(address).problem


def test_what_the_service_says_is_told_without_secrets(receiver: Receiver, private: None) -> None:
    receiver.answers = [(403, {})]
    address = f"json://ann:{SECRET}@127.0.0.1:{receiver.port}/{SECRET}/hook?+X={SECRET}"
    problem = post.send(address, "T", "B").problem
    assert problem.startswith("The message was not taken.")
    assert "403" in problem
    assert SECRET not in problem


def test_a_service_that_says_nothing_is_given_up_in_time(receiver: Receiver, private: None) -> None:
    receiver.let_go.clear()
    begun = time.monotonic()
    answer = post.send(f"json://127.0.0.1:{receiver.port}/", "T", "B", seconds=1.5)
    assert "longer than" in answer.problem
    assert time.monotonic() - begun < 5


def test_a_cancelled_run_does_not_wait_for_the_service(receiver: Receiver, private: None) -> None:
    receiver.let_go.clear()
    context = RunContext(job="send_news", run_id=1)
    threading.Timer(1, context.stop.set).start()
    with entered(context), pytest.raises(RunCancelled):
        post.send(f"json://127.0.0.1:{receiver.port}/", "T", "B")


def test_neither_pages_nor_worker_import_apprise() -> None:
    code = (
        "import sys, django; django.setup()\n"
        "import vsmanager.urls, scheduling.worker, mods.news.jobs\n"
        "assert not {'apprise', 'cryptography'} & set(sys.modules)\n"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=post._PROJECT,
        env={**__import__("os").environ, "DJANGO_SETTINGS_MODULE": "vsmanager.settings"},
        check=True,
    )


def test_a_setting_decides(settings: Settings) -> None:
    settings.NEWS_ALLOW_PRIVATE = True
    assert post.try_address("json://127.0.0.1/").problem == ""
    settings.NEWS_ALLOW_PRIVATE = False
    assert post.try_address("json://127.0.0.1/").problem
