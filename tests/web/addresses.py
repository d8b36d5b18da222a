"""Every address of the project, with rows for whatever stands in one."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver

from mods.models import Change, NewsFlip, NewsMessage
from scheduling import actions
from scheduling.models import JobSchedule, SchedulerProcess
from scheduling.tokens import issue
from tests.mods.cast import NOON, fetched, game, mod, release, tracked
from tests.news.conftest import channel, rule

from .conftest import ran

Samples = dict[str, str]


def a_row_of_each(tides: JobSchedule, ann: User) -> Samples:
    """What stands in an address for each of its parameters; there is a row of each model."""
    actions.change(tides, ann, interval_seconds=3_600)
    entry = LogEntry.objects.get()
    actions.change(tides, ann, interval_seconds=7_200)
    run = ran(status="running", finished_at=None)
    issue(ann)
    SchedulerProcess.objects.create(host="lighthouse", pid=7, heartbeat_at=NOON)
    carry, free = mod(1, "carryon"), mod(2, "xskills")
    fetched(carry)
    release(carry, "1.0.0", "1.22.0")
    game("1.22.0")
    Change.objects.create(kind="mod_new", at=NOON, mod=carry)
    to = channel()
    NewsFlip.objects.create(rule=rule("job_failed", to), subject="tides", state="", since=NOON)
    NewsMessage.objects.create(channel=to, channel_name="chat", items=["x"], status="queued")
    kind = ContentType.objects.get_for_model(JobSchedule)
    return {
        "name": "tides",
        "run_id": str(run.pk),
        "entry_id": str(entry.pk),
        "token_id": str(ann.api_tokens.get().pk),  # type: ignore[attr-defined]
        "modid": str(free.pk),
        "pk": str(tracked("carryon", "1.0.0", of=carry).pk),
        "content_type_id": str(kind.pk),
        "app_label": "mods",
    }


def routes(patterns: Any, before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the project, with its parameters as they are written in it."""
    for each in patterns:
        route = before + str(each.pattern).removeprefix("^").removesuffix("$")
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        else:
            yield route, each


def filled(route: str, samples: Samples) -> str:
    """An address. A parameter without a sample fails here."""
    known = samples
    if found := re.match(r"/admin/(auth|scheduling|mods)/(\w+)/", route):
        row = apps.get_model(found[1], found[2])._default_manager.order_by("pk").first()
        assert row, route
        known = dict.fromkeys(("object_id", "pk", "id"), str(row.pk))
    elif route.startswith("/admin/r/"):
        known = {**samples, "object_id": str(JobSchedule.objects.get(name="tides").pk)}
    return re.sub(
        r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)", lambda name: known[name[1] or name[2]], route
    )
