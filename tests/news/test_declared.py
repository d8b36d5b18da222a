"""Channels and rules kept in a file, without their addresses."""

from datetime import time
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from mods.news.models import NewsChannel, NewsRule

pytestmark = pytest.mark.django_db
FILE = """
[channels."Our chat"]
address_from = "NEWS_ADDRESS_OUR_CHAT"
quiet_from = 22:00:00
quiet_to = 07:00:00

[[rules]]
event = "job_failed"
channels = ["Our chat"]
failures = 2

[[rules]]
event = "version_stable"
channels = ["Our chat"]
"""


@pytest.fixture
def file(tmp_path, settings, monkeypatch):
    settings.NEWS_ALLOW_PRIVATE = True
    monkeypatch.setenv("NEWS_ADDRESS_OUR_CHAT", "json://127.0.0.1/token")
    User.objects.create_superuser("root")
    path = tmp_path / "vsmanager.toml"
    path.write_text(FILE)
    return path


def take_over(file, *arguments):
    out = StringIO()
    call_command("importschedules", str(file), *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_channels_and_rules_are_made_and_found_again(file):
    assert take_over(file) == ["channels.Our chat: new", "rules.0: new", "rules.1: new"]
    channel = NewsChannel.objects.get()
    assert (channel.unsealed(), channel.service) == ("json://127.0.0.1/token", "JSON")
    assert (channel.quiet_from, channel.quiet_to) == (time(22), time(7))
    assert [rule.failures for rule in NewsRule.objects.order_by("pk")] == [2, 3]
    assert take_over(file) == ["Nothing differs."]
    assert NewsRule.objects.count() == 2


def test_without_its_variable_the_stored_address_stays(file, monkeypatch):
    take_over(file)
    monkeypatch.delenv("NEWS_ADDRESS_OUR_CHAT")
    file.write_text(FILE.replace("07:00:00", "08:00:00"))
    assert take_over(file) == ["channels.Our chat: quiet_to: 07:00:00 → 08:00:00"]
    assert NewsChannel.objects.get().unsealed() == "json://127.0.0.1/token"


def test_another_address_is_told_without_it(file, monkeypatch):
    take_over(file)
    monkeypatch.setenv("NEWS_ADDRESS_OUR_CHAT", "json://127.0.0.1/other")
    assert take_over(file) == ["channels.Our chat: address_from: another address"]
    assert NewsChannel.objects.get().unsealed() == "json://127.0.0.1/other"


def test_a_new_channel_without_its_address_is_refused_and_nothing_is_saved(file, monkeypatch):
    monkeypatch.delenv("NEWS_ADDRESS_OUR_CHAT")
    with pytest.raises(CommandError) as refused:
        take_over(file)
    assert "line 3, channels.Our chat.address_from: Enter the address of the channel." in str(
        refused.value
    )
    assert not NewsChannel.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"job_failed"', '"x"', "line 8, rules.0.event: Select a valid choice. x is not one of"),
        ('"job_failed"', '"x"', "the available choices. job_failed, job_recovered, "),
        ('["Our chat"]', '["none"]', "There is no channel called none. There are: Our chat"),
        ("failures = 2", "failures = 99", "line 10, rules.0.failures: Ensure this value is less"),
        ("failures = 2", "often = 2", "line 10, rules.0.often: There is no such setting. There"),
        ("07:00:00", '"late"', "line 5, channels.Our chat.quiet_to: Enter a valid time."),
        ("07:00:00", "22:00:00", "channels.Our chat.quiet_to: Quiet hours end when they begin."),
    ],
)
def test_what_cannot_be_is_told_with_its_line_in_the_words_of_the_forms(file, old, new, told):
    take_over(file)
    file.write_text(FILE.replace(old, new))
    with pytest.raises(CommandError) as refused:
        take_over(file)
    assert told in str(refused.value)
    assert NewsRule.objects.filter(failures=2).exists()


def test_a_dry_run_makes_nothing(file):
    assert take_over(file, "--dry-run")[-1] == "Nothing was changed."
    assert not NewsChannel.objects.exists()


def test_an_export_holds_no_address_and_is_taken_over_without_a_difference(file):
    take_over(file)
    out = StringIO()
    call_command("exportschedules", "-", stdout=out)
    assert "127.0.0.1" not in out.getvalue()
    assert 'address_from = "NEWS_ADDRESS_OUR_CHAT"' in out.getvalue()
    file.write_text(out.getvalue())
    assert take_over(file) == ["Nothing differs."]
