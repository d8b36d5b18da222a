"""A refresh that reads no row whose bytes it knows, and otherwise does as if it read all."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from django.db import transaction

from mods import modrow, rawrows, strictjson, sync
from mods.errors import UpstreamError
from mods.http import Client
from mods.moddb import fetch_catalogue
from mods.models import Change, Mod, SourceCheck
from mods.rawrows import RawRows
from vsmanager.standin import catalogue

from .conftest import written_by

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
URL = "https://moddb.example"
Row = dict[str, Any]


class Sends:
    """A client to which the mod database sends this body."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def fetch(self, _url: str) -> bytearray:
        return bytearray(self._body)


def body_of(rows: list[Row]) -> bytes:
    return catalogue.encode({"statuscode": "200", "mods": rows})


def fetched(body: bytes) -> rawrows.Rows:
    return fetch_catalogue(cast("Client", Sends(body)), URL).rows


def refresh(rows: list[Row], now: datetime = TUESDAY) -> dict[str, int]:
    raw = fetched(body_of(rows))
    assert isinstance(raw, RawRows)
    return sync.refresh_catalogue(raw, now)


@pytest.fixture
def rows() -> list[Row]:
    """A catalogue of 60 mods that was stored on Monday, bytes and all."""
    rows = catalogue.made_up(60)
    refresh(rows, MONDAY)
    return rows


def test_rows_whose_bytes_are_known_are_not_read(
    rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strictjson, "read", lambda body, _url: {"200": "200"}[json.loads(body)])
    monkeypatch.setattr(modrow, "fields", None)
    written = written_by(lambda: refresh(rows))
    assert written == ["mods_sourcecheck"]


def test_of_a_changed_catalogue_only_what_changed_is_read(
    rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    fields = modrow.fields
    monkeypatch.setattr(modrow, "fields", lambda raw, n: read.append(n) or fields(raw, n))
    rows[3]["downloads"] += 1
    counts = refresh(rows)
    assert (counts["updated"], counts["unchanged"], read) == (1, 59, [4])
    assert Mod.objects.get(changed_at=TUESDAY).downloads == rows[3]["downloads"]
    refresh(rows)
    assert read == [4]


def test_other_bytes_that_say_the_same_are_no_change(rows: list[Row]) -> None:
    before = list(Mod.objects.defer("raw_hash").values("modid", "content_hash", "changed_at"))
    reworded = [{"new": 1, **dict(reversed(row.items()))} for row in rows]
    written = written_by(lambda: refresh(reworded))
    assert set(written) == {"mods_mod", "mods_modwords", "mods_sourcecheck"}
    assert list(Mod.objects.values("modid", "content_hash", "changed_at")) == before
    assert not Change.objects.exists()
    assert written_by(lambda: refresh(reworded)) == ["mods_sourcecheck"]


def test_rows_stored_before_there_were_raw_hashes_get_theirs(rows: list[Row]) -> None:
    known = dict(Mod.objects.values_list("modid", "raw_hash"))
    Mod.objects.update(raw_hash="")
    assert refresh(rows)["unchanged"] == 60
    assert dict(Mod.objects.values_list("modid", "raw_hash")) == known


def test_a_row_that_an_older_version_wrote_since_is_read_anew(rows: list[Row]) -> None:
    Mod.objects.filter(modid=rows[0]["modid"]).update(name="Then", content_hash="0" * 32)
    assert refresh(rows)["updated"] == 1
    assert Mod.objects.get(modid=rows[0]["modid"]).name == rows[0]["name"]


def test_a_mod_that_is_back_in_the_same_bytes_is_listed_again(rows: list[Row]) -> None:
    assert refresh(rows[1:])["delisted"] == 1
    assert refresh(rows)["updated"] == 1
    assert not Mod.objects.delisted().exists()


def test_a_new_way_to_read_rows_knows_no_bytes(
    rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modrow, "_FORMAT", b"next")
    assert refresh(rows)["updated"] == 60
    assert written_by(lambda: refresh(rows)) == ["mods_sourcecheck"]


def test_of_rows_with_the_same_id_the_first_is_kept_whether_known_or_not(rows: list[Row]) -> None:
    for doubled, updated in (
        ([*rows, rows[0]], 0),
        ([*rows, {**rows[0], "name": "A double"}], 0),
        ([{**rows[0], "name": "The first"}, *rows], 1),
    ):
        counts = refresh(doubled)
        assert (counts["rejected"], counts["updated"], counts["received"]) == (1, updated, 61)
        assert counts["unchanged"] == 60 - updated
    assert Mod.objects.get(modid=rows[0]["modid"]).name == "The first"


def test_more_rows_than_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawrows, "_BATCH", 7)
    rows = catalogue.made_up(60)
    assert refresh(rows)["created"] == 60
    names = {row["modid"]: row["name"] for row in rows}
    assert dict(Mod.objects.values_list("modid", "name")) == names


def test_a_body_that_only_a_full_reading_takes_is_compared_all_the_same(rows: list[Row]) -> None:
    rows[0]["name"] = "half a pair: \ud800"
    whole = fetched(body_of(rows))
    assert isinstance(whole, list)
    counts = sync.refresh_catalogue(whole, TUESDAY)
    assert (counts["updated"], counts["unchanged"]) == (1, 59)
    mod = Mod.objects.get(changed_at=TUESDAY)
    assert (mod.name, mod.raw_hash) == ("half a pair: \N{REPLACEMENT CHARACTER}", "")
    rows[0]["name"] = "whole"
    assert refresh(rows)["updated"] == 1


LONG = b"1" * 5_000
DEEP = b"[" * 100_000 + b"]" * 100_000
ENVELOPE = b'{"statuscode":"200","mods":[%s]}'
# Bodies in which ROWS are 60 good rows, and GOOD is one of them but for its end.
BODIES = {
    "as usual": ENVELOPE % b"ROWS",
    "a byte order mark": b"\xef\xbb\xbf" + ENVELOPE % b"ROWS",
    "spaces": b' \r\n{ "mods" : [ ROWS\t] , "statuscode" : "200" } \n',
    "empty": ENVELOPE % b"",
    "a number as status": b'{"statuscode":200,"mods":[ROWS]}',
    "another status": b'{"statuscode":"404","mods":[ROWS]}',
    "no status": b'{"mods":[ROWS]}',
    "two statuses": b'{"statuscode":"500","mods":[ROWS],"statuscode":"200"}',
    "two lists": b'{"statuscode":"200","mods":[GOOD}],"mods":[ROWS]}',
    "a second list that is none": b'{"statuscode":"200","mods":[ROWS],"mods":{}}',
    "a new key": b'{"statuscode":"200","mods":[ROWS],"new":{"a":[1.5,null]}}',
    "a new key with a long number": b'{"statuscode":"200","mods":[ROWS],"new":%s}' % LONG,
    "a key replaced, of a long number": b'{"mods":%s,"statuscode":"200","mods":[ROWS]}' % LONG,
    "a status replaced, not UTF-8": b'{"statuscode":"\xff","statuscode":"200","mods":[ROWS]}',
    "a key that is not UTF-8": b'{"statuscode":"200","mods":[ROWS],"\xff":1}',
    "a list of rows": b"[ROWS]",
    "nothing": b"",
    "a page": b"<html>",
    "UTF-16": (ENVELOPE % b"").decode().encode("utf-16"),
    "broken off": b'{"statuscode":"200","mods":[ROWS',
    "more behind": ENVELOPE % b"ROWS" + b" {}",
    "a trailing comma": ENVELOPE % b"ROWS,",
    **{
        name: ENVELOPE % (b"ROWS,GOOD,%s}" % end)
        for name, end in {
            "a double": b'"x":1',
            "a new name": b'"modid":7,"name":"new"',
            "a new name beyond ASCII": '"modid":7,"name":"Größer 🔥"'.encode(),
            "a name twice": b'"modid":7,"name":1,"name":"the last"',
            "a control character": b'"modid":7,"name":"a\x01b"',
            "NUL": b'"modid":7,"name":"a\\u0000b"',
            "half a surrogate pair": b'"modid":7,"name":"a\\ud800b"',
            "the other half": b'"modid":7,"name":"a\\udc00b"',
            "a surrogate as bytes": b'"modid":7,"name":"\xed\xa0\x80"',
            "not UTF-8": b'"modid":7,"name":"\xff"',
            "an escape that is none": b'"modid":7,"name":"\\x"',
            "NaN": b'"modid":7,"downloads":NaN',
            "infinity": b'"modid":7,"downloads":-Infinity',
            "a huge float": b'"modid":7,"downloads":1e400',
            "a whole float": b'"modid":7,"downloads":1.0',
            "a huge number": b'"modid":7,"downloads":' + b"1" * 400,
            "a long number": b'"modid":7,"downloads":' + LONG,
            "a long number nobody reads": b'"modid":7,"new":' + LONG,
            "a long id": b'"modid":' + LONG,
            "nested": b'"modid":7,"new":' + b"[" * 99 + b"]" * 99,
            "nested too deeply": b'"modid":7,"new":' + DEEP,
            "no id": b'"modid":null',
            "an id as text": b'"modid":"7"',
        }.items()
    },
    **{
        f"a row that is {row.decode()}": ENVELOPE % (b"ROWS," + row)
        for row in (b"null", b"7", b'"text"', b"[]", b"{}", b"{1:2}", b"tru", b"01", b"/**/1")
    },
}


def outcome(body: bytes, rows: rawrows.Rows | None = None) -> Any:
    """What a refresh with this body says and stores; all is as it was before afterwards."""
    with transaction.atomic():
        try:
            counts = sync.refresh_catalogue(fetched(body) if rows is None else rows, TUESDAY)
            said: Any = counts
        except UpstreamError as error:
            said = (type(error), str(error))
        mods = [{**mod, "raw_hash": ""} for mod in Mod.objects.values()]
        told = list(Change.objects.order_by("id").values_list("kind", "subject", "after"))
        looked = list(SourceCheck.objects.values())
        transaction.set_rollback(True)
    return said, mods, told, looked


@pytest.mark.parametrize("name", BODIES)
def test_whatever_comes_leads_to_what_reading_all_of_it_leads_to(
    rows: list[Row], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = catalogue.encode({**rows[0], "modid": rows[0]["modid"]})[:-1]
    known = b",".join(catalogue.encode(row) for row in rows)
    body = BODIES[name].replace(b"ROWS", known).replace(b"GOOD", good)
    found = outcome(body)
    monkeypatch.setattr("mods.moddb.scan", lambda _body, _url: None)
    assert found == outcome(body)
