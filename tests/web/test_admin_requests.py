"""The admin answers what can't be asked, and tells nothing of what no page shows."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client, RequestFactory

from mods.models import NewsChannel, NewsFlip, NewsRule
from scheduling.admin_requests import CarefulAdmin
from scheduling.models import JobRun, JobSchedule
from tests.mods.cast import NOON, fetched, mod, tracked

from .conftest import SignIn, ran

MODELS = sorted(admin.site._registry, key=str)
ACTIONS: dict[type[Model], str] = {JobSchedule: "pause", JobRun: "cancel"}
NO_KEYS = ["abc", "", "NaN", "1e400", "9" * 30, "9" * 5_000, "-" + "9" * 30, "null"]
ODD = ("abc", "-1", "9" * 30)
LOOKUPS = (
    *("", "__contains", "__year", "__range", "__in", "__gt", "__has_key", "__startswith"),
    *("__exact", "__isempty", "__id__exact"),
)


def address(model: type[Model], *parts: object) -> str:
    names = (model._meta.app_label, model._meta.model_name, *parts)
    return "/admin/" + "".join(f"{name}/" for name in names)


@pytest.fixture(autouse=True)
def rows(tides: JobSchedule) -> None:
    carry = mod(1, "carryon")
    fetched(carry)
    tracked("carryon", of=carry)
    ran()
    channel = NewsChannel(name="chat")
    channel.seal("json://news.example")
    channel.save()
    rule = NewsRule.objects.create(event="job_failed")
    rule.channels.add(channel)
    NewsFlip.objects.create(rule=rule, subject="tides", state="", since=NOON)


@pytest.mark.parametrize("model", MODELS)
def test_every_admin_is_careful(model: type[Model]) -> None:
    assert isinstance(admin.site._registry[model], CarefulAdmin)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_no_key_is_chosen_by_no_action(sign_in: SignIn, model: type[Model]) -> None:
    root = sign_in("root")
    for key in NO_KEYS:
        sent = {"action": ACTIONS.get(model, "delete_selected"), "_selected_action": [key]}
        assert root.post(address(model), sent).status_code < 500, key[:40]


def test_an_action_acts_on_those_that_are_keys(as_ann: Client, tides: JobSchedule) -> None:
    sent = {"action": "pause", "_selected_action": ["abc", tides.pk, "9" * 30]}
    assert as_ann.post(address(JobSchedule), sent).status_code == 302
    tides.refresh_from_db()
    assert tides.paused


@pytest.mark.parametrize("model", MODELS)
def test_no_row_has_what_is_no_key(sign_in: SignIn, model: type[Model]) -> None:
    root = sign_in("root")
    for key in filter(None, NO_KEYS):
        assert root.get(address(model, key, "change")).status_code < 500, key[:40]


@pytest.mark.parametrize("model", MODELS)
def test_lists_are_asked_by_their_filters_only(
    sign_in: SignIn, rf: RequestFactory, people: dict[str, User], model: type[Model]
) -> None:
    ours, root, request = admin.site._registry[model], sign_in("root"), rf.get("/")
    request.user = people["root"]
    for name in (
        f"{field.name}{asked}"
        for field in [*model._meta.fields, *model._meta.many_to_many]
        for asked in LOOKUPS
    ):
        if not ours.lookup_allowed(name, "1", request):
            continue
        assert not name.endswith(LOOKUPS[1:8])
        for value in ODD:
            assert root.get(address(model), {name: value}).status_code < 500, (name, value)


@pytest.mark.parametrize("model", MODELS)
def test_every_filter_that_a_list_offers_works(sign_in: SignIn, model: type[Model]) -> None:
    root = sign_in("root")
    shown = root.get(address(model)).context["cl"]
    offered = [
        choice["query_string"] for spec in shown.filter_specs for choice in spec.choices(shown)
    ]
    for query in offered:
        assert root.get(f"{address(model)}{query}").status_code == 200, query


@pytest.mark.parametrize(
    "query",
    [
        *("mods/newschannel/?sealed__startswith=gAAAA", "mods/newsrule/?channels__sealed__gt=a"),
        *("scheduling/apitoken/?digest__startswith=0", "auth/user/?password__startswith=p"),
        *("mods/mod/?tracked__added_by=ann", "mods/newsflip/?rule__channels__sealed=a"),
    ],
)
def test_what_no_page_shows_can_not_be_guessed(sign_in: SignIn, query: str) -> None:
    assert sign_in("root").get(f"/admin/{query}").status_code == 400


@pytest.mark.parametrize("key", NO_KEYS[:1] + NO_KEYS[2:])
def test_a_rule_is_refused_in_words_for_a_channel_that_is_no_key(as_ann: Client, key: str) -> None:
    rule = NewsRule.objects.get()
    sent = {"event": "job_failed", "channels": [key], "failures": "1", "enabled": "on"}
    page = as_ann.post(address(NewsRule, rule.pk, "change"), sent)
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
