"""Channels and rules as a file declares them, through the forms that people fill in.

The address of a channel is a secret and never in the file: ``address_from`` names the variable
of the environment that holds it. Where there is none, the address that is stored stays.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.forms import ModelForm
from django.utils.translation import gettext as _

from scheduling import tomlfile
from scheduling.tomlfile import Document

from .forms import ChannelForm, RuleForm
from .models import Event, NewsChannel, NewsRule

CHANNELS, RULES = "channels", "rules"
_FROM = "address_from"
_CHANNEL = [name for name in ChannelForm.Meta.fields if name != "name"]
_RULE = [name for name in RuleForm.Meta.fields if name != "channels"]
# What tells one rule from another; they have no names.
_ABOUT = ("event", "job_name", "mod_identifier", "game_version")


@dataclass(slots=True)
class Applied:
    """What was changed, in words, and what in the file can't be followed."""

    told: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def apply(document: Document) -> Applied:
    """Save what differs, in the caller's transaction, which has to be taken back where there are
    problems. What the file does not name stays."""
    applied = Applied()
    for name, values in _tables(document, CHANNELS, dict, applied):
        _channel(document, name, values, applied)
    found: set[int] = set()
    for number, values in _tables(document, RULES, list, applied):
        _rule(document, number, values, found, applied)
    return applied


def _tables(
    document: Document, place: str, kind: Any, applied: Applied
) -> Iterator[tuple[str, dict[str, Any]]]:
    declared: Any = document.values.get(place, kind())
    if not isinstance(declared, kind):
        applied.problems.append(f"{document.at((place,))}: {_('This must be a table.')}")
        return
    pairs: Any = declared.items() if kind is dict else enumerate(declared)
    for name, values in pairs:
        if isinstance(values, dict):
            yield str(name), values
        else:
            where = document.at((place, str(name)))
            applied.problems.append(f"{where}: {_('This must be a table.')}")


def _channel(document: Document, name: str, values: dict[str, Any], applied: Applied) -> None:
    place = (CHANNELS, name)
    if _unknown(document, place, values, [_FROM, *_CHANNEL], applied):
        return
    channel = NewsChannel.objects.filter(name=name).first() or NewsChannel(name=name)
    variable = values.get(_FROM)
    address = os.environ.get(variable, "") if isinstance(variable, str) else ""
    if channel.sealed and channel.is_readable() and channel.unsealed() == address:
        address = ""
    before = _state(channel, _CHANNEL)
    given = {**before, **{key: values[key] for key in _CHANNEL if key in values}}
    form = ChannelForm({**given, "name": name, "address": address}, instance=channel)
    _save(document, place, form, before, applied, {"address": _FROM}, forced=bool(address))


def _rule(
    document: Document, number: str, values: dict[str, Any], found: set[int], applied: Applied
) -> None:
    place = (RULES, number)
    if _unknown(document, place, values, [*RuleForm.Meta.fields], applied):
        return
    about = {name: values.get(name, "") for name in _ABOUT}
    stored = NewsRule.objects.filter(**{key: str(value) for key, value in about.items()})
    rule = stored.exclude(pk__in=found).first() or NewsRule()
    before: dict[str, Any] = _state(rule, _RULE)
    before["channels"] = sorted(rule.channels.values_list("name", flat=True)) if rule.pk else []
    given = {**before, **values}
    names = given["channels"] if isinstance(given["channels"], list) else [given["channels"]]
    known = dict(NewsChannel.objects.values_list("name", "pk"))
    if missing := [str(name) for name in names if name not in known]:
        told = _("There is no channel called %(missing)s. There are: %(names)s")
        words = {"missing": ", ".join(missing), "names": ", ".join(known)}
        applied.problems.append(f"{document.at((*place, 'channels'))}: {told % words}")
        return
    form = RuleForm({**given, "channels": [known[name] for name in names]}, instance=rule)
    if _save(document, place, form, before, applied, {}):
        found.add(rule.pk)


def _unknown(
    document: Document, place: tuple[str, str], values: dict[str, Any], known: list[str],
    applied: Applied,
) -> bool:  # fmt: skip
    """Whether something is named that there is not."""
    unknown = [name for name in values if name not in known]
    told = _("There is no such setting. There are: %(names)s") % {"names": ", ".join(known)}
    applied.problems += [f"{document.at((*place, name))}: {told}" for name in unknown]
    return bool(unknown)


def _save(
    document: Document,
    place: tuple[str, str],
    form: "ModelForm[Any]",
    before: dict[str, Any],
    applied: Applied,
    called: dict[str, str],
    *,
    forced: bool = False,
) -> bool:
    """Save a form if anything differs; ``called`` is what fields go by in the file."""
    is_new = form.instance.pk is None
    if not form.is_valid():
        for name, errors in form.errors.items():
            where = document.at((*place, *([called.get(name, name)] if name != "__all__" else [])))
            allowed = f" {', '.join(Event.values)}" if name == "event" else ""
            applied.problems += [f"{where}: {error}{allowed}" for error in errors]
        return False
    after = {name: form.cleaned_data[name] for name in before if name != "channels"}
    if "channels" in before:
        after["channels"] = sorted(channel.name for channel in form.cleaned_data["channels"])
    changed = [name for name in before if before[name] != after[name]]
    title = ".".join(place)
    if is_new:
        applied.told.append(f"{title}: new")
    applied.told += [
        f"{title}: {name}: {_shown(before[name])} → {_shown(after[name])}"
        for name in changed
        if not is_new
    ]
    if forced and not is_new:
        applied.told.append(f"{title}: {_FROM}: another address")
    if is_new or changed or forced:
        form.save()
    return True


def _state(instance: NewsChannel | NewsRule, names: list[str]) -> dict[str, Any]:
    return {name: getattr(instance, name) for name in names}


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return str(value) if value not in ("", None) else "none"


def export() -> str:
    """The tables of all channels, without their addresses, and of all rules."""
    parts = []
    for channel in NewsChannel.objects.all():
        values = {_FROM: _variable(channel.name), **_told(channel, _CHANNEL)}
        parts.append(tomlfile.table((CHANNELS, channel.name), values, comment=channel.service))
    for rule in NewsRule.objects.prefetch_related("channels"):
        values = {"channels": sorted(channel.name for channel in rule.channels.all())}
        values |= _told(rule, _RULE)
        parts.append(tomlfile.table((RULES,), values, of_many=True))
    return "\n".join(parts)


def _told(instance: NewsChannel | NewsRule, names: list[str]) -> dict[str, Any]:
    return {key: value for key, value in _state(instance, names).items() if value not in (None, "")}


def _variable(name: str) -> str:
    return f"NEWS_ADDRESS_{re.sub('[^A-Z0-9]+', '_', name.upper()).strip('_') or 'X'}"
