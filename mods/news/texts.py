"""News in words, in the language that is active; what comes from outside can't act in them."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..oneline import one_line
from .finding import Finding
from .mask import without_credentials
from .models import Event

MAX_NAME, MAX_ERROR, MAX_TITLE, MAX_BODY = 80, 200, 120, 1_800
_ACTS = re.compile(r"@|<|\]\(|://|www\.", re.I)
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_HIDDEN = "\N{ZERO WIDTH SPACE}"


def told(finding: Finding, zone: str) -> str:
    """One line."""
    return _WORDS[Event(finding.event)](finding, dict(finding.told), zone)


def title(count: int) -> str:
    return ngettext("vsmanager: %(count)d piece of news", "vsmanager: %(count)d news", count) % {
        "count": count
    }


def body(items: list[str], omitted: int) -> str:
    """All in one text, no longer than any service takes."""
    lines, length = [], 0
    for number, item in enumerate(items):
        length += len(item) + 1
        if length > MAX_BODY:
            omitted += len(items) - number
            break
        lines.append(item)
    if omitted:
        lines.append(
            ngettext("and %(count)d more", "and %(count)d more", omitted) % {"count": omitted}
        )
    return "\n".join(lines)


def plain(text: object, limit: int = MAX_NAME) -> str:
    """A text from outside in one line, that mentions nobody and links nowhere.

    An invisible space follows what Discord, Slack and others take for the beginning of a
    mention (``@everyone``, ``<!here>``), of a link or of a link's address. What turns the
    direction of writing is left out: it would turn the rest of the message too.
    """
    line = one_line(_TURNS.sub("", str(text)), limit)
    return _ACTS.sub(lambda mark: f"{mark[0][0]}{_HIDDEN}{mark[0][1:]}", line)


def _failed(finding: Finding, told: dict[str, Any], _zone: str) -> str:
    job = plain(finding.subject)
    if finding.good:
        return _("%(job)s has succeeded again.") % {"job": job}
    text = ngettext(
        "%(job)s failed.", "%(job)s failed %(count)d times in a row.", told.get("failures") or 1
    ) % {"job": job, "count": told.get("failures") or 1}
    error = plain(without_credentials(str(told.get("error") or "")[:2_000]), MAX_ERROR)
    return f"{text} {error}".strip()


def _late(finding: Finding, told: dict[str, Any], zone: str) -> str:
    job = plain(finding.subject)
    if finding.good:
        return _("%(job)s is on time again.") % {"job": job}
    if told.get("overdue"):
        return _("%(job)s is late: it was due at %(time)s.") % {
            "job": job,
            "time": _moment(told.get("since"), zone),
        }
    return _("%(job)s is late: no success since %(time)s.") % {
        "job": job,
        "time": _moment(told.get("since"), zone),
    }


def _worker(finding: Finding, told: dict[str, Any], zone: str) -> str:
    times = {"from": _moment(told.get("from"), zone), "to": _moment(told.get("to"), zone)}
    if not finding.good:
        return _("No worker has been running since %(from)s.") % times
    if told.get("from"):
        return _("No worker was running from %(from)s to %(to)s.") % times
    return _("A worker has been running again since %(to)s.") % times


def _version(finding: Finding, _told: dict[str, Any], _zone: str) -> str:
    version = {"version": plain(finding.subject)}
    if finding.event == Event.VERSION_STABLE:
        return _("New stable version of the game: %(version)s.") % version
    return _("New unstable version of the game: %(version)s.") % version


def _update(_finding: Finding, told: dict[str, Any], _zone: str) -> str:
    return _("%(mod)s has an update: %(installed)s → %(offered)s.") % _plain_all(told)


def _retracted(finding: Finding, told: dict[str, Any], _zone: str) -> str:
    if finding.good:
        return _("%(mod)s is there again.") % _plain_all(told)
    if told.get("whole"):
        return _("%(mod)s is no longer in the mod database.") % _plain_all(told)
    return _("The installed release %(installed)s of %(mod)s was retracted.") % _plain_all(told)


def _ready(_finding: Finding, told: dict[str, Any], _zone: str) -> str:
    return _("%(mod)s is ready for %(game)s: release %(release)s.") % _plain_all(told)


_WORDS = {
    Event.JOB_FAILED: _failed,
    Event.JOB_RECOVERED: _failed,
    Event.JOB_LATE: _late,
    Event.NO_WORKER: _worker,
    Event.VERSION_STABLE: _version,
    Event.VERSION_UNSTABLE: _version,
    Event.MOD_UPDATE: _update,
    Event.MOD_RETRACTED: _retracted,
    Event.MOD_READY: _ready,
}


def _plain_all(told: dict[str, Any]) -> dict[str, str]:
    return {name: plain(value) for name, value in told.items()}


def _moment(moment: Any, zone: str) -> str:
    if not isinstance(moment, datetime):
        return "?"
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M %Z}"
