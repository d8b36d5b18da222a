"""Who gets what at which address, method by method: docs/permissions.md is the table.

Every address that there is stands in it, and each answer in it is asked for here. After a change
that is meant, WRITE_PERMISSIONS=1 writes the table anew; look at what it changed.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from mods.models import NewsChannel
from scheduling.models import JobSchedule

from .addresses import Samples, a_row_of_each, filled, routes
from .conftest import SignIn
from .test_view_only import IN_THE_ADMIN, TYPED

PAGE = Path(__file__).resolve().parents[2] / "docs/permissions.md"
PEOPLE = ("anonymous", "visitor", "staff", "monitor", "ann", "root")
PAGES = ("get", "post")
METHODS = (*PAGES, "put", "patch", "delete")
Row = tuple[str, ...]


def table(text: str) -> dict[tuple[str, str], Row]:
    """The answers to each of PEOPLE, by method and address."""
    found = {}
    for line in text.splitlines():
        if cells := re.fullmatch(r"\| `(.+)` \| ([A-Z ]+) \| (.+) \|", line):
            for method in cells[2].split():
                found[method.lower(), cells[1]] = tuple(cells[3].split(" | "))
    return found


WRITTEN = table(PAGE.read_text()) if PAGE.exists() else {}


def shown(route: str) -> str:
    """As the table writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)", r"<\1\2>", route)


def known_routes() -> list[str]:
    return sorted({shown(route) for route, _each in routes(get_resolver().url_patterns)})


@pytest.fixture
def samples(tides: JobSchedule, ann: User, monkeypatch: pytest.MonkeyPatch) -> Samples:
    def not_sent(_to: NewsChannel) -> str:
        return ""

    monkeypatch.setattr("mods.news.admin.send_test", not_sent)
    samples = a_row_of_each(tides, ann)
    tides.refresh_from_db()
    return {**samples, "url": "nothing/", "revision": str(tides.revision)}


def answer(client: Client, method: str, address: str, revision: str) -> str:
    """What somebody gets there; nothing of what it does stays."""
    sent: dict[str, Any] = {}
    if address.startswith("/api/"):
        sent = {"data": {}, "content_type": "application/json"} if method != "get" else {}
    elif method == "post":
        of_admin = IN_THE_ADMIN if address.startswith("/admin/") else {}
        sent = {"data": {**TYPED, **of_admin, "revision": revision}}
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        got = getattr(client, method)(address, **sent)
        if hasattr(got, "streaming_content"):
            _ = b"".join(got.streaming_content)
        transaction.set_rollback(True)
    client.cookies.load(cookies)
    if got.status_code == 302 and got["Location"].startswith("/admin/login/"):
        return "sign in"
    return str(got.status_code)


def methods(route: str) -> tuple[str, ...]:
    """Those of which the table tells: the others are refused outside the API."""
    return METHODS if route.startswith("/api/") else PAGES


def asked(client: Client, samples: Samples) -> Iterator[tuple[tuple[str, str], str]]:
    for route, _each in routes(get_resolver().url_patterns):
        for method in methods(route):
            got = answer(client, method, filled(route, samples), samples["revision"])
            yield (method, shown(route)), got


def test_every_address_is_in_the_table() -> None:
    assert sorted({address for _method, address in WRITTEN}) == known_routes()
    assert {*WRITTEN} == {
        (each, address) for address in known_routes() for each in methods(address)
    }


@pytest.mark.parametrize("person", ["anonymous", "root"])
def test_nothing_but_the_api_takes_other_methods(
    sign_in: SignIn, samples: Samples, person: str
) -> None:
    client = sign_in(person)
    for route, _each in routes(get_resolver().url_patterns):
        if methods(route) == PAGES:
            for method in (*METHODS[2:], "trace"):
                assert getattr(client, method)(filled(route, samples)).status_code == 405, route


@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_gets_what_the_table_says(sign_in: SignIn, samples: Samples, person: str) -> None:
    found = dict(asked(sign_in(person), samples))
    if os.environ.get("WRITE_PERMISSIONS"):
        rewrite(person, found)
        return
    column = PEOPLE.index(person)
    assert found == {each: answers[column] for each, answers in WRITTEN.items()}


def test_nothing_is_public_but_signing_in_and_health() -> None:
    """Static files are served before any address is looked for."""
    public = {address for (_method, address), row in WRITTEN.items() if row[0][0] == "2"}
    assert public == {"/admin/login/", "/healthz", "/readyz"}


def test_who_may_only_look_never_gets_further_than_who_may_change() -> None:
    for each, row in WRITTEN.items():
        nobody, visitor, staff, monitor, _ann, _root = row
        if nobody not in ("401", "sign in"):
            continue
        for lesser, greater in ((visitor, staff), (staff, monitor)):
            assert not (lesser[0] == "2" and greater in ("403", "sign in")), each


def rewrite(person: str, found: dict[tuple[str, str], str]) -> None:
    """The column of one person; the others stay."""
    text = PAGE.read_text()
    before, column = table(text), PEOPLE.index(person)
    rows: dict[tuple[str, Row], list[str]] = {}
    for method, address in found:
        row = [*before.get((method, address), ("?",) * len(PEOPLE))]
        row[column] = found[method, address]
        rows.setdefault((address, tuple(row)), []).append(method.upper())
    lines = [
        f"| `{address}` | {' '.join(methods)} | {' | '.join(row)} |"
        for (address, row), methods in sorted(rows.items(), key=lambda item: item[0][0])
    ]
    head = text.split("\n| `")[0].rstrip()
    PAGE.write_text("\n".join((head, *lines)) + "\n")
