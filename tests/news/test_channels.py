"""Channels and rules in the admin: who may do what, and nobody sees an address."""

import html
import io
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core import serializers
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from mods.models import NewsChannel, NewsFlip, NewsMessage, NewsRule
from mods.news import post
from mods.news.post import Answer
from mods.news.problems import retold
from tests.confirmed import confirmed

from .conftest import ADDRESS, NOON, SECRET, Post, Receiver, channel, rule

pytestmark = pytest.mark.django_db
LIST = "/admin/mods/newschannel/"
FORM = {
    "name": "chat", "enabled": "on", "language": "en", "grouped": "on", "quiet_from": "",
    "quiet_to": "", "timezone": "UTC",
}  # fmt: skip


@pytest.fixture
def sign_in() -> Callable[[str], Client]:
    def client(group: str) -> Client:
        user = User.objects.create_user(group or "staff", is_staff=True)
        if group:
            user.groups.add(Group.objects.get(name=group))
        signed_in = Client()
        signed_in.force_login(user)
        return confirmed(signed_in)

    return client


@pytest.fixture
def ann(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("Admin")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address is fine."""
    monkeypatch.setattr("mods.news.forms.try_address", lambda _: Answer(problem="", service="JSON"))


def test_an_address_is_stored_encrypted_and_never_shown_again(ann: Client, known: None) -> None:
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    logging.getLogger().addHandler(handler)
    pages = [ann.post(f"{LIST}add/", FORM | {"address": ADDRESS}, follow=True)]
    made = NewsChannel.objects.get()
    assert made.unsealed() == ADDRESS
    change = f"{LIST}{made.pk}/change/"
    pages += [
        ann.get(change),
        ann.post(change, FORM | {"address": ADDRESS, "name": ""}),
        ann.post(change, FORM | {"address": "", "name": "other"}, follow=True),
        ann.get(f"{LIST}{made.pk}/history/"),
        ann.get(f"{LIST}{made.pk}/delete/"),
        ann.get("/admin/"),
        ann.get("/changes/"),
    ]
    logging.getLogger().removeHandler(handler)
    for page in pages:
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
    assert "json://•••" in pages[1].content.decode()
    made.refresh_from_db()
    assert (made.name, made.unsealed()) == ("other", ADDRESS)
    assert SECRET not in told.getvalue()
    assert SECRET not in serializers.serialize("json", [made, *LogEntry.objects.all()])
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM mods_newschannel")
        assert SECRET not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    "address", ["nonsense", f"json://127.0.0.1/{SECRET}", f"syslog://x/{SECRET}", "", "a\x00://b"]
)
def test_a_bad_address_is_refused_in_words(ann: Client, address: str) -> None:
    page = ann.post(f"{LIST}add/", FORM | {"address": address})
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert SECRET not in page.content.decode()
    assert not NewsChannel.objects.exists()


def test_quiet_hours_need_both_ends_and_a_zone(ann: Client, known: None) -> None:
    for wrong in ({"quiet_from": "22:00"}, {"quiet_from": "22:00", "quiet_to": "22:00"},
                  {"timezone": "Nowhere/Land"}):  # fmt: skip
        page = ann.post(f"{LIST}add/", FORM | {"address": ADDRESS} | wrong)
        assert "errorlist" in page.content.decode(), wrong
    assert not NewsChannel.objects.exists()


def test_who_may_only_look_sees_the_mask_and_changes_nothing(
    sign_in: Callable[[str], Client], sent: Post
) -> None:
    made = channel()
    monitor = sign_in("Monitor")
    for address in (LIST, f"{LIST}{made.pk}/change/"):
        page = monitor.get(address).content.decode()
        assert "json://•••" in page
        assert SECRET not in page
        assert made.sealed not in page
        assert "Send a test" not in page
    assert monitor.post(f"{LIST}{made.pk}/test/").status_code == 403
    assert monitor.post(f"{LIST}{made.pk}/change/", FORM).status_code == 403
    assert monitor.get("/admin/mods/newsmessage/").status_code == 200
    assert sent.sent == []
    staff = sign_in("")
    assert staff.get(LIST).status_code == 403
    assert staff.post(f"{LIST}{made.pk}/test/").status_code == 403
    assert Client().post(f"{LIST}{made.pk}/test/").status_code == 302


def test_a_test_is_sent_and_its_result_told(ann: Client, sent: Post) -> None:
    made = channel()
    page = ann.get(f"{LIST}{made.pk}/change/").content.decode()
    assert "Send a test" in page
    assert ann.get(f"{LIST}{made.pk}/test/").status_code == 405
    told = html.unescape(ann.post(f"{LIST}{made.pk}/test/", follow=True).content.decode())
    assert "A test was sent to chat." in told
    assert sent.bodies == ["This is a test of the channel chat."]
    sent.problem = "The message was not taken."
    told = html.unescape(ann.post(f"{LIST}{made.pk}/test/", follow=True).content.decode())
    assert "The test to chat failed: The message was not taken." in told
    assert [*NewsMessage.objects.values_list("status", "is_test")] == [
        ("given_up", True),
        ("delivered", True),
    ]
    assert ann.post(f"{LIST}999/test/").status_code == 404


def test_what_went_wrong_is_told_in_the_language_of_who_reads(ann: Client, sent: Post) -> None:
    made = channel()
    ann.cookies["django_language"] = "de"
    for sent.problem, told in (
        ("The message was not taken. Server said no.", "wurde nicht angenommen. Server said no."),
        ("It took longer than 15 seconds.", "Es dauerte länger als 15 Sekunden."),
    ):
        pages = [
            ann.post(f"{LIST}{made.pk}/test/", follow=True),
            ann.get(LIST),
            ann.get("/admin/mods/newsmessage/"),
            ann.get(f"/admin/mods/newsmessage/{NewsMessage.objects.latest('pk').pk}/change/"),
        ]
        for page in pages:
            assert told in html.unescape(page.content.decode())
        made.refresh_from_db()
        assert made.problem == NewsMessage.objects.latest("pk").error == sent.problem


def test_what_no_sentence_begins_with_is_told_as_it_is() -> None:
    assert retold("Something else.") == "Something else."
    assert retold("") == ""


def test_a_real_test_reaches_a_real_webhook(ann: Client, receiver: Receiver, private: None) -> None:
    made = channel(address=f"json://127.0.0.1:{receiver.port}/{SECRET}")
    told = ann.post(f"{LIST}{made.pk}/test/", follow=True).content.decode()
    assert "A test was sent" in told
    assert receiver.paths == [f"/{SECRET}"]


def test_a_secret_key_that_changed_is_told_and_breaks_no_page(
    ann: Client, settings: Settings, known: None
) -> None:
    made = channel()
    user = User.objects.get()
    settings.SECRET_KEY = "another key " * 4
    ann.force_login(user)
    confirmed(ann)
    for address in (LIST, f"{LIST}{made.pk}/change/"):
        assert "SECRET_KEY has changed" in html.unescape(ann.get(address).content.decode())
    told = ann.post(f"{LIST}{made.pk}/test/", follow=True).content.decode()
    assert "SECRET_KEY" in told
    ann.post(f"{LIST}{made.pk}/change/", FORM | {"address": ADDRESS})
    made.refresh_from_db()
    assert (made.unsealed(), made.problem) == (ADDRESS, "")


def test_what_waits_is_tried_soon_when_the_address_is_entered_anew(
    ann: Client, known: None
) -> None:
    made = channel()
    later = timezone.now() + timedelta(hours=4)
    NewsMessage.objects.create(
        channel=made, channel_name="chat", items=["One."], status="queued", next_try_at=later
    )
    ann.post(f"{LIST}{made.pk}/change/", FORM | {"address": "", "name": "other"})
    assert NewsMessage.objects.get().next_try_at == later
    ann.post(f"{LIST}{made.pk}/change/", FORM | {"address": ADDRESS})
    assert NewsMessage.objects.get().next_try_at <= timezone.now()


def test_the_stored_address_is_nothing_to_filter_or_to_search_by(ann: Client) -> None:
    made = channel()
    for query in (f"sealed__startswith={made.sealed[:9]}", "sealed__regex=.", "e=1&sealed=x"):
        assert ann.get(f"{LIST}?{query}").status_code == 400, query


def test_rules_are_made_in_the_admin(ann: Client) -> None:
    made = channel("<script>alert(1)</script>")
    form = {
        "event": "mod_ready", "channels": [made.pk], "enabled": "on", "failures": "3",
        "late_after_seconds": "", "job_name": "", "mod_identifier": "<b>", "game_version": "1.22.7",
    }  # fmt: skip
    for wrong in ({"game_version": "soon"}, {"job_name": "nope"}, {"failures": "0"},
                  {"event": "nope"}, {"channels": [999]}, {"late_after_seconds": "1"}):  # fmt: skip
        assert ann.post("/admin/mods/newsrule/add/", form | wrong).status_code == 200, wrong
    assert ann.post("/admin/mods/newsrule/add/", form).status_code == 302
    assert NewsRule.objects.get().channels.get() == made
    page = ann.get("/admin/mods/newsrule/").content.decode()
    assert "<script>alert(1)" not in page
    assert ann.get(f"/admin/mods/newsrule/{NewsRule.objects.get().pk}/change/").status_code == 200


def test_a_rule_that_asks_for_something_else_begins_anew(ann: Client) -> None:
    made = rule("mod_update", channel())
    NewsFlip.objects.create(rule=made, subject="carts", state="1.2.3", since=NOON)
    address = f"/admin/mods/newsrule/{made.pk}/change/"
    form = {
        "event": "mod_update", "channels": [made.channels.get().pk], "failures": "5",
        "late_after_seconds": "", "job_name": "", "mod_identifier": "", "game_version": "",
    }  # fmt: skip
    assert ann.post(address, form).status_code == 302
    assert NewsFlip.objects.exists()
    assert ann.post(address, form | {"event": "mod_retracted"}).status_code == 302
    assert not NewsFlip.objects.exists()


def test_a_channel_can_be_deleted_and_its_messages_stay(ann: Client) -> None:
    made = channel()
    rule("job_failed", made)
    NewsMessage.objects.create(channel=made, channel_name="chat", items=["One."], status="queued")
    address = f"{LIST}{made.pk}/delete/"
    assert "Are you sure" in ann.get(address).content.decode()
    assert ann.post(address, {"post": "yes"}).status_code == 302
    assert not NewsChannel.objects.exists()
    assert NewsMessage.objects.get().channel is None


def test_a_rule_that_found_something_can_be_deleted_with_it(ann: Client) -> None:
    made = rule("job_failed", channel())
    NewsFlip.objects.create(rule=made, subject="tides", state="", since=NOON)
    address = f"/admin/mods/newsrule/{made.pk}/delete/"
    assert "Are you sure" in ann.get(address).content.decode()
    assert ann.post(address, {"post": "yes"}).status_code == 302
    assert not NewsRule.objects.exists()
    assert not NewsFlip.objects.exists()


def test_the_history_shows_texts_as_texts(ann: Client) -> None:
    message = NewsMessage.objects.create(
        channel_name="<b>", items=["<script>alert(1)</script>"], status="queued"
    )
    rule("job_failed", channel())
    for address in ("", f"{message.pk}/change/"):
        page = ann.get(f"/admin/mods/newsmessage/{address}")
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.content.decode()
    assert ann.get("/admin/mods/newsflip/").status_code == 200
    assert ann.get("/admin/mods/newsmessage/add/").status_code == 403


def test_the_process_that_sends_gets_no_secret_of_ours(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("SECRET_KEY", "x" * 40)
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@h/n")
    seen: dict[str, str] = {}

    def run(_text: bytes, environment: dict[str, str], _seconds: float) -> bytes:
        seen.update(environment)
        return b""

    monkeypatch.setattr(post, "_run", run)
    assert "could not be run" in post.send(ADDRESS, "T", "B").problem
    assert not {"SECRET_KEY", "DATABASE_URL"} & seen.keys()
