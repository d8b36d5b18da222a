"""What can go wrong in scheduling, in words for the person who caused it.

The docstring of an error is its default message, so it is marked for translation. Jobs are
written, and tried, without settings: Django is asked for its words only when they are needed.
"""

from typing import Any


def _(text: str) -> str:
    """Marks a text for translators; ``django.utils.translation`` wants settings for as much."""
    return text


def gettext(text: str) -> str:
    """Django's own where there are settings, else the text as it is."""
    from django.conf import settings
    from django.utils import translation

    return translation.gettext(text) if settings.configured else text


class SchedulingError(Exception):
    __doc__ = _("Scheduling failed.")

    def __init__(self, message: str = "") -> None:
        super().__init__(message or gettext(str(self.__doc__)))


class InvalidSchedule(SchedulingError):
    __doc__ = _("This schedule can't be understood.")


class UnknownJob(SchedulingError):
    __doc__ = _("No job of this name is registered.")


class RunCancelled(SchedulingError):
    __doc__ = _("The run was cancelled.")


class RunTimedOut(SchedulingError):
    __doc__ = _("The run took longer than it may.")


class JobFailed(SchedulingError):
    """The job failed for a reason that the message tells in full.

    Jobs raise this, or subclasses, for failures that they foresee (an upstream is down, say):
    the history shows the message without a traceback. ``permanent`` says that trying again
    can't help; ``result`` is a summary of what was done all the same.
    """

    permanent = False

    def __init__(self, message: str = "", *, result: Any = None) -> None:
        super().__init__(message)
        self.result = result
