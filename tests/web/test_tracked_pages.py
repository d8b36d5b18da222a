"""The pages of tracked mods: adding by search, list and upload, removing, and bad uploads."""

import html
import io
import json
import re
import struct
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import mods.urls
from mods import uploads
from mods.models import Mod, TrackedMod
from tests.mods.cast import NOON, fetched, mod, release, tracked
from tests.mods.zips import good, zipped

from .conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE, PASTE, UPLOAD = "/mods/tracked/", "/mods/tracked/paste/", "/mods/tracked/upload/"


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def known() -> set[str]:
    return {str(each) for each in TrackedMod.objects.all()}


def sent(client: Client, *files: tuple[str, bytes]) -> Any:
    return client.post(UPLOAD, {"files": [SimpleUploadedFile(*file) for file in files]})


# Looking


def test_the_list_tells_all_that_is_known(as_ann: Client) -> None:
    carryon, gone = mod(1, "carryon"), mod(2, "xskills", delisted_at=NOON)
    fetched(carryon)
    fetched(gone, problem="it <b>failed</b>")
    release(carryon, "1.12.0", "1.22.7")
    release(gone, "0.8.1", "1.22.7", gone_at=NOON)
    tracked("carryon", "1.11.0", of=carryon, dependencies={"configlib": "1.4.0"})
    tracked("xskills", "0.8.1", of=gone)
    tracked("unheardof")
    page = text(as_ann.get(PAGE))
    assert "1.11.0" in page
    assert '<a href="/mods/1/">Carryon</a>' in page
    assert "1.12.0 <span" in page
    assert "</span> update</span>" in page
    assert "carryon needs configlib 1.4.0 or later, which is missing: install it" in page
    assert "no longer in the catalogue since 2026-05-04" in page
    assert "the installed release 0.8.1 was retracted" in page
    assert "its details could not be fetched: it <b>failed</b>" in page
    assert "<b>failed" not in as_ann.get(PAGE).content.decode()
    assert "the catalogue knows no mod of this identifier" in page
    assert "pasted" in page
    assert "not yet" not in page
    tracked("configlib", of=mod(3, "configlib"))
    assert "not yet" in text(as_ann.get(PAGE))


def test_the_list_can_be_narrowed(as_ann: Client) -> None:
    carryon = mod(1, "carryon")
    release(carryon, "1.12.0", "1.22.7")
    tracked("carryon", "1.11.0", of=carryon)
    tracked("unheardof")
    assert 'id="tracked-' in text(as_ann.get(PAGE))
    updates, problems = (
        text(as_ann.get(f"{PAGE}?show={show}")) for show in ("updates", "problems")
    )
    assert ("<code>carryon<" in updates, ">unheardof<" in updates) == (True, False)
    assert ("<code>carryon<" in problems, ">unheardof<" in problems) == (False, True)
    assert text(as_ann.get(f"{PAGE}?show=<script>")).count('id="tracked-') == 2


def test_releases_that_nobody_asked_for_yet_are_told_and_can_be_asked_for(
    sign_in: SignIn,
) -> None:
    tracked("carryon", of=mod(1, "carryon"))
    fetched(known_one := mod(2, "xskills"))
    tracked("xskills", of=known_one)
    tracked("unheardof")
    offer = 'action="/settings/mod_cache_refresh/run/"'
    page = text(sign_in("ann").get(PAGE))
    assert "The releases of 1 mod have not been read yet" in page
    assert offer in page
    assert offer not in text(sign_in("monitor").get(PAGE))
    fetched(Mod.objects.get(pk=1), fetched_at=None, problem="it failed")
    assert "have not been read yet" not in text(sign_in("ann").get(PAGE))


def test_what_is_missing_is_found_in_the_catalogue_from_where_it_is_told(
    sign_in: SignIn,
) -> None:
    tracked("carryon", dependencies={"lib_x": "1.0.0", "old": "2.0.0"})
    tracked("old", "1.0.0")
    mod(7, "lib_x", name="The Library")
    ann, monitor = sign_in("ann"), sign_in("monitor")
    assert re.findall(r'href="([^"]*)" aria-label="find it: ', text(ann.get(PAGE))) == [
        f"{PAGE}?q=lib_x"
    ]
    assert 'action="/mods/7/track/"' in text(ann.get(f"{PAGE}?q=lib_x"))
    assert "?q=" not in text(monitor.get(PAGE))


def test_who_added_a_mod_is_not_who_updated_it_later(as_ann: Client) -> None:
    def origin() -> str:
        (cell,) = re.findall(r'class="tk-from"[^\n]*?>(.*?)</td>', text(as_ann.get(PAGE)))
        return re.sub("<[^>]+>", "", cell)

    tracked("carryon", added_by="ann", added_at=NOON, updated_at=NOON)
    assert origin().startswith("pasted ann, ")
    assert "updated" not in origin()
    later = NOON + timedelta(days=1)
    TrackedMod.objects.update(origin="folder", folder="/srv/Mods", updated_at=later)
    assert 'title="/srv/Mods"' in text(as_ann.get(PAGE))
    added, updated = origin().split("updated")
    assert added.startswith("read from the server's folder ann, ")
    assert "ann" not in updated


def test_one_that_is_changed_in_a_narrowed_list_leads_back_to_it(as_ann: Client) -> None:
    one = tracked("unheardof")
    page = as_ann.get(f"{PAGE}?show=problems").content.decode()
    assert page.count(f'name="next" value="{PAGE}?show=problems"') == 2
    answer = as_ann.post(f"{PAGE}{one.pk}/remove/", {"next": f"{PAGE}?show=problems"})
    assert answer["Location"] == f"{PAGE}?show=problems"


@pytest.mark.parametrize("said", ["a list", "a file"])
def test_what_is_answered_to_a_form_leads_to_the_page_by_all_its_links(
    as_ann: Client, said: str
) -> None:
    for number in range(102):
        tracked(f"mod{number}")
    answer = (
        as_ann.post(PASTE, {"mods": "nonsense line"})
        if said == "a list"
        else sent(as_ann, ("picture.zip", b"PNG"))
    )
    shown = answer.content.decode()
    links = [each for each in re.findall(r'href="([^"]*)"', shown) if "?" in each]
    (search,) = re.findall(r'<form method="get" action="([^"]*)" class="tk-form"', shown)
    assert {f"{PAGE}?show=updates", f"{PAGE}?show=problems", f"{PAGE}?all=1"} <= set(links)
    for link in (*links, f"{search}?q=carryon"):
        assert link.startswith("/"), link
        assert as_ann.get(html.unescape(link)).status_code == 200


@pytest.mark.parametrize("url", [PASTE, UPLOAD])
def test_who_comes_to_a_form_without_anything_to_send_gets_the_page(
    as_ann: Client, url: str
) -> None:
    assert as_ann.get(url)["Location"] == PAGE


def test_markup_of_mods_stays_text(as_ann: Client) -> None:
    evil = mod(1, "carryon", name="<script>alert(1)</script>", summary="<img onerror=x>")
    tracked("carryon", "<i>", of=evil, added_by="<b>", folder="<b>", dependencies={"<u>": "<s>"})
    page = as_ann.get(f"{PAGE}?q=script").content.decode()
    for markup in ("<script>alert", "<img", "<i>", "<b>", "<u>", "<s>"):
        assert markup not in page


def test_who_may_only_look_is_offered_nothing_else(sign_in: SignIn) -> None:
    tracked("carryon", of=mod(1, "carryon"))
    page = text(sign_in("monitor").get(f"{PAGE}?q=carryon"))
    assert 'id="tracked-' in page
    for offered in ("/paste/", "/upload/", "/track/", "/change/", "/remove/", "/clear/"):
        assert offered not in page


@pytest.mark.parametrize(
    ("codename", "method", "url"),
    [
        ("add_trackedmod", "post", PASTE),
        ("add_trackedmod", "post", UPLOAD),
        ("delete_trackedmod", "get", f"{PAGE}clear/"),
        ("delete_trackedmod", "post", f"{PAGE}clear/"),
    ],
)
def test_who_may_not_look_reads_the_list_nowhere(
    sign_in: SignIn, people: dict[str, User], codename: str, method: str, url: str
) -> None:
    tracked("carryon")
    people["staff"].user_permissions.set(Permission.objects.filter(codename=codename))
    assert getattr(sign_in("staff"), method)(url, {"mods": "xskills"}).status_code == 403
    assert known() == {"carryon"}


def test_many_mods_take_no_more_queries_than_few(as_ann: Client) -> None:
    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as taken:
            assert as_ann.get(url).status_code == 200
        return len(taken)

    tracked("mod1", of=mod(1, "mod1"))
    queries(PAGE)
    few = queries(PAGE)
    for number in range(2, 60):
        one = mod(number, f"mod{number}")
        fetched(one)
        release(one, "1.0.0", "1.22.7")
        tracked(f"mod{number}", "0.9.0", of=one, dependencies={"mod1": "9.0.0"})
    assert queries(PAGE) == few == 6
    assert queries(f"{PAGE}?q=mod") == 7


# From the catalogue


def test_a_mod_is_found_by_name_or_identifier_and_tracked(as_ann: Client) -> None:
    mod(1, "carryon", name="Carry On")
    mod(2, "xskills", name="Skills", delisted_at=NOON)
    for asked in ("carry on", "CARRYON"):
        page = text(as_ann.get(PAGE, {"q": asked}))
        assert 'action="/mods/1/track/"' in page
        assert 'action="/mods/2/track/"' not in page
    answer = as_ann.post("/mods/1/track/", {"next": f"{PAGE}?q=carry"}, follow=True)
    assert answer.redirect_chain == [(f"{PAGE}?q=carry", 302)]
    assert "Tracked from now on: carryon." in text(answer)
    assert "✓ tracked" in text(answer)
    row = TrackedMod.objects.get()
    assert (row.mod_id, row.origin, row.added_by) == (1, "catalogue", "ann")
    again = as_ann.post("/mods/1/track/", follow=True)
    assert "Tracked already: carryon." in text(again)


def test_a_mods_own_page_offers_to_track_it(sign_in: SignIn) -> None:
    mod(1, "carryon")
    assert 'action="/mods/1/track/"' in text(sign_in("ann").get("/mods/1/"))
    assert 'action="/mods/1/track/"' not in text(sign_in("monitor").get("/mods/1/"))


def test_a_mods_own_page_tells_whether_it_is_tracked_and_offers_what_is_left(
    as_ann: Client,
) -> None:
    carryon = mod(1, "carryon", "", "carryonlib")
    assert "are read of tracked mods only" in text(as_ann.get("/mods/1/"))
    one = tracked("CarryOn", "1.11.0", of=carryon)
    page = text(as_ann.get("/mods/1/"))
    assert "<code>CarryOn@1.11.0</code>" in page
    assert "are read by the next refresh" in page
    assert re.findall(r'name="identifier" value="([^"]*)"', page) == ["carryonlib"]
    two = tracked("carryonlib", of=carryon)
    fetched(carryon)
    page = text(as_ann.get("/mods/1/"))
    assert 'action="/mods/1/track/"' not in page
    assert "no longer tracked" not in page
    one.delete()
    two.delete()
    page = text(as_ann.get("/mods/1/"))
    assert "no longer tracked, so they stay as they were then" in page
    assert re.findall("<option>(.*?)</option>", page) == ["carryon", "carryonlib"]


def test_of_several_identifiers_one_is_chosen(as_ann: Client) -> None:
    mod(1, "carryon", "carryonlib")
    assert "<option>carryonlib</option>" in text(as_ann.get(f"{PAGE}?q=carry"))
    as_ann.post("/mods/1/track/", {"identifier": "CarryOnLib"})
    assert known() == {"carryonlib"}
    refused = as_ann.post("/mods/1/track/", {"identifier": "xskills"}, follow=True)
    assert "none of its identifiers" in text(refused)


def test_the_chosen_mod_is_the_one_that_is_tracked_even_if_another_is_more_popular(
    as_ann: Client,
) -> None:
    mod(1, "cottagewindows", downloads=5)
    mod(2, "cottagewindows", downloads=500)
    as_ann.post("/mods/1/track/")
    assert TrackedMod.objects.get().mod_id == 1


def test_a_tool_has_nothing_to_track(as_ann: Client) -> None:
    mod(1, type="externaltool")
    assert "no server runs it" in text(as_ann.post("/mods/1/track/", follow=True))
    assert not known()


@pytest.mark.parametrize("asked", ["%", "_", "'", '"', "\\", "x" * 5_000, "<script>", "ä"])
def test_any_search_is_answered(as_ann: Client, asked: str) -> None:
    mod(1, "carryon")
    assert as_ann.get(PAGE, {"q": asked}).status_code == 200


# Lists


def test_a_clean_list_leads_back_to_the_page(as_ann: Client) -> None:
    mod(1, "carryon")
    answer = as_ann.post(PASTE, {"mods": "carryon@1.12.0"}, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Mods: 1 added." in text(answer)


def test_nonsense_lines_are_named_the_good_ones_kept_and_what_was_typed_stays(
    as_ann: Client,
) -> None:
    typed = "carryon@1.12.0\n<script>alert(1)</script>\nxskills@abc"
    answer = as_ann.post(PASTE, {"mods": typed})
    assert known() == {"carryon@1.12.0"}
    page = text(answer)
    assert "1 added; 2 left out" in page
    assert "<strong>line 2</strong>" in page
    assert "<strong>line 3</strong>" in page
    assert f"{typed}</textarea>" in page
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("typed", ["", "  \n\n", "# nothing"])
def test_an_empty_list_is_asked_for_again(as_ann: Client, typed: str) -> None:
    assert "Type at least one mod" in text(as_ann.post(PASTE, {"mods": typed}))


@pytest.mark.parametrize(
    "typed", ["\0", "a" * 300_000, ",".join("ab" for _ in range(5_000)), "\ud800x@1", "a@1@2"]
)
def test_no_list_makes_the_page_fall_over(as_ann: Client, typed: str) -> None:
    body = {"mods": typed.encode("utf-8", "replace").decode()}
    assert as_ann.post(PASTE, body).status_code == 200


def test_a_form_of_thousands_of_fields_is_refused_in_words(as_ann: Client) -> None:
    answer = as_ann.post(PASTE, {str(number): "x" for number in range(1_500)})
    assert answer.status_code == 400
    assert "can't be read" in text(answer)


@pytest.mark.parametrize(("size", "status"), [(600_000, 413), (4_000_000, 400)])
def test_a_list_without_measure_is_refused_in_words(as_ann: Client, size: int, status: int) -> None:
    answer = as_ann.post(PASTE, {"mods": "a" * size})
    assert answer.status_code == status
    assert "too long: paste it in parts" in text(answer)


# Uploads


def test_zips_and_lists_are_read_and_bad_ones_named(as_ann: Client) -> None:
    answer = sent(
        as_ann,
        ("carryon_1.12.0.zip", good()),
        ("server.txt", b"xskills@0.8.1\nnonsense line\n"),
        ("picture.zip", b"\x89PNG\r\n"),
    )
    assert known() == {"carryon@1.12.0", "xskills@0.8.1"}
    assert set(TrackedMod.objects.values_list("origin", flat=True)) == {"upload"}
    page = text(answer)
    assert "<strong>picture.zip</strong> it is no zip" in page
    assert "<strong>server.txt, line 2</strong>" in page
    assert "2 added; 2 left out" in page


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("Old.dll", b"MZ", "what a single .dll file says can't be read here: add it by its iden"),
        ("source.cs", b"class Mod {}", "what a single .cs file says can't be read here: add it"),
        ("VSEssentials.dll", b"MZ", "it is a part of the game itself, so there is nothing to t"),
        ("list", b"carryon@1.12.0", "it is neither a zipped mod nor a list whose name ends in"),
        ("modinfo.json", b"{}", "it is neither a zipped mod nor a list whose name ends in .txt"),
        ("mods.7z", b"7z", "it is neither a zipped mod nor a list whose name ends in .txt: upload"),
        ("Mods.zip", zipped(("a.zip", good())), "it holds other zips (a.zip), into which the game"),
    ],
)
def test_what_is_uploaded_in_place_of_a_zip_is_called_what_it_is(
    as_ann: Client, name: str, body: bytes, reason: str
) -> None:
    page = text(sent(as_ann, (name, body), ("carryon.zip.download", good())))
    assert f"<strong>{name}</strong> {reason}" in page
    assert known() == {"carryon@1.12.0"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_list_is_read_as_windows_writes_it(as_ann: Client, encoding: str) -> None:
    sent(as_ann, ("mods.txt", "carryon@1.12.0\r\nxskills@0.8.1\r\n".encode(encoding)))
    assert known() == {"carryon@1.12.0", "xskills@0.8.1"}


def bomb() -> bytes:
    return zipped(("modinfo.json", b" " * 60_000_000))


def lying() -> bytes:
    """Claims a size of its modinfo.json that it has not."""
    whole = bytearray(good())
    at = whole.rindex(b"PK\x01\x02")
    whole[at + 24 : at + 28] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(whole)


BAD = {
    "bomb": bomb(),
    "up_and_out": zipped(("../modinfo.json", "{}"), ("../../etc/passwd", "x")),
    "many": zipped(*((f"{number}.json", "{}") for number in range(21_000))),
    "without": zipped(("assets/lang/en.json", "{}")),
    "broken": zipped(("modinfo.json", '{"modid": "carryon",')),
    "no_object": zipped(("modinfo.json", "[1, 2]")),
    "deep": zipped(("modinfo.json", "[" * 100_000)),
    "no_zip": b"<html>404</html>",
    "half": good()[:-30],
    "markup": zipped(("modinfo.json", json.dumps({"modid": "<script>alert(1)</script>"}))),
    "nothing": b"\0",
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_zips_are_told_and_cost_only_themselves(as_ann: Client, name: str) -> None:
    answer = sent(as_ann, (f"{name}.zip", BAD[name]), ("good.zip", good()))
    assert answer.status_code == 200
    assert known() == {"carryon@1.12.0"}
    assert f"<strong>{name}.zip</strong> it" in text(answer)
    assert "<script>alert" not in answer.content.decode()


def test_a_zip_that_lies_about_its_sizes_breaks_nothing(as_ann: Client) -> None:
    assert sent(as_ann, ("lying.zip", lying())).status_code in (200, 302)


def test_a_name_that_leads_elsewhere_is_only_a_name(as_ann: Client) -> None:
    sent(as_ann, ("../../../etc/carryon.zip", good()))
    assert known() == {"carryon@1.12.0"}


def test_an_empty_file_and_no_file_are_asked_for_again(as_ann: Client) -> None:
    assert "Choose at least one file." in text(as_ann.post(UPLOAD))
    assert "it is empty, or not yet whole" in text(sent(as_ann, ("empty.zip", b"")))


def test_what_a_file_says_wrongly_is_told(as_ann: Client) -> None:
    info = {"type": "code", "name": "Carry On", "version": "1.0.0", "author": "me"}
    page = text(sent(as_ann, ("c.zip", zipped(("modinfo.json", json.dumps(info))))))
    assert known() == {"carryon@1.0.0"}
    assert "“author” is no key that the game knows" in page


def test_a_file_that_is_too_large_is_left_out_before_it_is_kept(
    as_ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_FILE", 200_000)
    answer = sent(as_ann, ("large.zip", b"PK" + bytes(300_000)), ("good.zip", good()))
    assert known() == {"carryon@1.12.0"}
    assert "<strong>large.zip</strong> it is larger than" in text(answer)


def test_more_files_than_may_come_at_once_are_refused_in_words(as_ann: Client) -> None:
    answer = sent(as_ann, *((f"{number}.zip", b"x") for number in range(65)))
    assert answer.status_code == 400
    assert "more than 64 files" in text(answer)
    assert not known()


def test_more_than_may_come_at_once_is_refused_unread(
    as_ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_TOTAL", 1_000)
    answer = sent(as_ann, ("good.zip", good() + bytes(2_000)))
    assert answer.status_code == 413
    assert "together are larger" in text(answer)
    assert not known()


def test_a_body_that_is_no_form_is_refused_in_words(as_ann: Client) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 300):
        answer = as_ann.generic("POST", UPLOAD, b"--x\r\nnonsense", content_type=kind)
        assert answer.status_code in (200, 400)
        assert "Tracked mods" in text(answer)


@pytest.mark.parametrize("person", ["monitor", "staff", "anonymous"])
def test_nothing_is_kept_of_what_somebody_may_not_send(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, person: str
) -> None:
    def never(*_args: object) -> None:
        raise AssertionError("it was kept")

    for handler in ("MemoryFileUploadHandler", "TemporaryFileUploadHandler"):
        monkeypatch.setattr(f"django.core.files.uploadhandler.{handler}.new_file", never)
    client = sign_in(person)
    client.handler.enforce_csrf_checks = True
    client.cookies["csrftoken"] = "x" * 32
    refused = sent(client, ("good.zip", good()))
    assert refused.status_code == (302 if person == "anonymous" else 403)


def test_an_upload_needs_its_token(ann: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    assert sent(client, ("good.zip", good())).status_code == 403
    assert client.post(PASTE, {"mods": "carryon"}).status_code == 403
    assert not known()


# Changing and removing


def test_the_installed_version_is_typed_by_hand(as_ann: Client) -> None:
    row = tracked("carryon", "1.11.0")
    url = f"/mods/tracked/{row.pk}/change/"
    assert "Installed version of carryon: 1.12.0." in text(
        as_ann.post(url, {"version": " 1.12.0 "}, follow=True)
    )
    assert "is no version" in text(as_ann.post(url, {"version": "<b>"}, follow=True))
    assert "Nothing to do" in text(as_ann.post(url, {"version": "1.12.0"}, follow=True))
    assert "Installed version of carryon: unknown." in text(as_ann.post(url, follow=True))
    assert known() == {"carryon"}


def test_one_is_removed_and_the_admins_log_says_who_did_it(as_ann: Client, ann: User) -> None:
    row = tracked("carryon", "1.11.0")
    tracked("xskills")
    page = as_ann.post(f"/mods/tracked/{row.pk}/remove/", follow=True)
    assert "No longer tracked: carryon." in text(page)
    assert known() == {"xskills"}
    entry = LogEntry.objects.get()
    assert (entry.user, entry.action_flag, entry.object_repr) == (ann, 3, "carryon@1.11.0")


def test_all_are_removed_only_when_that_is_confirmed(as_ann: Client) -> None:
    for name in ("aaa", "bbb"):
        tracked(name)
    asked = as_ann.get("/mods/tracked/clear/")
    assert "All 2 mods would leave the list." in text(asked)
    assert len(known()) == 2
    done = as_ann.post("/mods/tracked/clear/", follow=True)
    assert "2 mods are no longer tracked." in text(done)
    assert not known()
    assert LogEntry.objects.filter(action_flag=3).count() == 2
    assert "Nothing to do" in text(as_ann.post("/mods/tracked/clear/", follow=True))


@pytest.mark.parametrize("number", ["0", "99", "9" * 25, "9" * 4_400])
@pytest.mark.parametrize("url", ["/mods/tracked/{}/remove/", "/mods/{}/track/"])
def test_what_is_not_there_is_not_found(as_ann: Client, url: str, number: str) -> None:
    assert as_ann.post(url.format(number)).status_code == 404


def test_the_zips_of_these_tests_are_what_they_are_said_to_be() -> None:
    assert len(BAD["bomb"]) < 100_000
    with zipfile.ZipFile(io.BytesIO(BAD["many"])) as archive:
        assert len(archive.namelist()) == 21_000


@pytest.mark.parametrize("person", ["anonymous", "visitor", "staff", "monitor"])
def test_who_may_only_look_changes_nothing(sign_in: SignIn, person: str) -> None:
    one = tracked("carryon", "1.11.0", of=mod(1, "carryon"))
    mod(2, "xskills")
    client, before = sign_in(person), known()
    typed = {"mods": "xskills", "version": "1.0.0", "identifier": "xskills"}
    for route in mods.urls.urlpatterns:
        address = f"/{route.pattern}".replace("<int:pk>", str(one.pk)).replace("<int:modid>", "2")
        file = SimpleUploadedFile("good.zip", good())
        answer = client.post(address, {**typed, "files": file})
        assert answer.status_code in (302, 403, 405), address
        if answer.status_code == 302:
            assert answer["Location"].startswith("/admin/login/"), address
    assert known() == before
    assert not LogEntry.objects.exists()


def test_a_version_for_a_mod_that_was_just_taken_off_is_refused_in_words(
    as_ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = tracked("carryon", "1.11.0")

    def meanwhile(typed: str) -> str:
        TrackedMod.objects.all().delete()
        return typed

    monkeypatch.setattr("mods.views.tracked_changes.one_line", meanwhile)
    answer = as_ann.post(f"{PAGE}{row.pk}/change/", {"version": "1.12.0"}, follow=True)
    assert "No longer tracked: carryon." in text(answer)
    assert not known()
