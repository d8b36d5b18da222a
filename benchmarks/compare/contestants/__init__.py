"""Those that are compared, one module each."""

from ..contestant import Contestant
from . import apscheduler, celery, django_apscheduler, django_q, huey, ours, procrastinate

ALL: tuple[Contestant, ...] = (
    *ours.CONTESTANTS,
    *apscheduler.CONTESTANTS,
    *django_apscheduler.CONTESTANTS,
    *celery.CONTESTANTS,
    *procrastinate.CONTESTANTS,
    *django_q.CONTESTANTS,
    *huey.CONTESTANTS,
)


def called(name: str) -> Contestant | None:
    """The one of this name; None when a stored row is of one that is no longer here."""
    return next((each for each in ALL if each.name == name), None)


def chosen(only: list[str]) -> list[Contestant]:
    """Those whose name contains one of the texts; all without texts."""
    return [
        each for each in ALL if not only or any(text.lower() in each.name.lower() for text in only)
    ]
