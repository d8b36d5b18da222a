"""What is asked for: every address of the pages and each reading call of the API, filled in."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import LogEntry
from django.urls import reverse

from benchmarks import past
from scheduling.api.v1 import api
from scheduling.models import JobRun
from scheduling.paging import page
from scheduling.urls import urlpatterns

BUSY = next(iter(past.jobs()))


@dataclass(frozen=True, kw_only=True)
class Asked:
    name: str
    url: str


def addresses() -> Iterator[Asked]:
    examples = _examples()
    for each in urlpatterns:
        wanted = each.pattern.converters
        if unknown := set(wanted) - set(examples):
            sys.exit(f"{each.name}: tell in benchmarks/addresses.py what {unknown} may be.")
        url = reverse(each.name, kwargs={name: examples[name] for name in wanted})
        yield Asked(name=f"/{each.pattern}", url=url)
    for url in [*_variants(), *_calls(examples)]:
        yield Asked(name=url.replace(BUSY, "BUSY")[:72], url=url)


def _examples() -> dict[str, Any]:
    """One of each parameter that addresses have."""
    failed = JobRun.objects.filter(status="failed").values_list("pk", flat=True)
    return {
        "name": "mod_cache_refresh",
        "job_id": "mod_cache_refresh",
        "run_id": failed.first() or JobRun.objects.values_list("pk", flat=True).first(),
        # Nobody revokes one by looking.
        "token_id": 1,
        "entry_id": LogEntry.objects.values_list("pk", flat=True).first(),
    }


def _variants() -> Iterator[str]:
    """Lists narrowed in ways that differ for the database, places deep in them, other windows."""
    deep, since = _deep()
    for query in (
        f"job={BUSY}",
        f"job={BUSY}&status=failed",
        f"job={BUSY}&trigger=manual",
        f"job={BUSY}&trigger=startup",
        f"job={BUSY}&trigger=manual&status=failed",
        f"job={BUSY}&trigger=retry&status=lost",
        "job=mod_cache_refresh&trigger=manual",
        "job=mod_cache_refresh&trigger=startup",
        "status=failed",
        "status=queued",
        "trigger=manual",
        "trigger=startup",
        "trigger=retry&status=lost",
        f"since={since}",
        f"since={since}&trigger=startup",
        f"until={since}&status=lost",
        f"before={deep}",
        f"job={BUSY}&before={deep}",
        f"status=failed&before={deep}",
    ):
        yield f"/runs/?{query}"
    yield f"/jobs/{BUSY}/"
    yield from ("/day/?span=7d", f"/day/?at={since}", f"/day/?span=7d&at={since}")
    yield "/day/live/?span=7d"


def _deep() -> tuple[str, str]:
    """A place behind nearly all runs as a cursor, and one in the middle as a time."""
    runs = JobRun.objects.filter(job_name=BUSY).order_by("scheduled_for")
    count = runs.count()
    first = runs[min(500, count // 4)].scheduled_for
    older = JobRun.objects.filter(scheduled_for__lte=first)
    middle = runs[count // 2].scheduled_for
    return page(older, size=5).next, f"{middle:%Y-%m-%dT%H:%M}"


def _calls(examples: dict[str, Any]) -> Iterator[str]:
    """Those that read, from the API's own description."""
    for path, methods in api.get_openapi_schema()["paths"].items():
        if "get" in methods:
            yield path.format(**examples)
    deep, _since = _deep()
    for query in ("limit=200", f"job={BUSY}", "status=failed", f"before={deep}"):
        yield f"/api/v1/runs?{query}"
    yield from ("/healthz", "/readyz")
