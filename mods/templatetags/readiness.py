"""Readiness, as its page shows it."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .. import readiness_words
from ..compatibility import Fit
from ..readiness import NeedThere, ReadyMod, Report

register = template.Library()

# Of the bar that shows the whole, in its own units.
WIDTH = 1_000


@register.filter
def tier_badge(fit: Fit) -> SafeString:
    """A sign, a word and a colour."""
    return format_html(
        '<span class="vs-badge md-{}"><span aria-hidden="true">{}</span> {}</span>',
        fit.value,
        readiness_words.SIGNS[fit],
        readiness_words.tier(fit),
    )


@register.filter
def meaning(fit: Fit) -> str:
    return readiness_words.meaning(fit)


@register.filter
def todo(mod: ReadyMod) -> str:
    return readiness_words.move(mod)


@register.filter
def facts(mod: ReadyMod) -> list[str]:
    return readiness_words.facts(mod)


@register.filter
def needed(each: NeedThere) -> SafeString:
    """What a mod needs; marked where it is missing or too old, as its words say too."""
    unmet = "rd-unmet" if readiness_words.is_unmet(each) else ""
    return format_html('<bdi class="{}">{}</bdi>', unmet, readiness_words.needed(each))


@register.filter
def tiers(report: Report) -> list[tuple[Fit, int]]:
    """Each tier that there is, with its count, best first."""
    counted = ((fit, report.counts[fit]) for fit in readiness_words.USABLE_FIRST)
    return [(fit, count) for fit, count in counted if count]


@register.filter
def bar(report: Report) -> list[tuple[Fit, int, int]]:
    """The tiers as parts of a bar of 1,000: where each begins, and how wide it is."""
    parts, before, total = [], 0, len(report.mods)
    for fit, count in tiers(report):
        begin, end = (WIDTH * number // total for number in (before, before + count))
        parts.append((fit, begin, end - begin))
        before += count
    return parts
