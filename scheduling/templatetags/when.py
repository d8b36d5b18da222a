"""Times of coming runs, as tables of them show them."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()


@register.filter
def local_clock(value: datetime) -> str:
    """``Mon 2026-05-04 14:00``, by the clock that the time carries."""
    return f"{date_format(value, 'D')} {value:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


@register.filter
def page_clock(value: datetime) -> str:
    """The same, by the page's clock."""
    return local_clock(timezone.localtime(value))
