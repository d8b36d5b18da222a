"""What can go wrong in scheduling, in words for the person who caused it."""

from typing import Any


class SchedulingError(Exception):
    """Scheduling failed."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)


class InvalidSchedule(SchedulingError):
    """This schedule can't be understood."""


class UnknownJob(SchedulingError):
    """No job of this name is registered."""


class RunCancelled(SchedulingError):
    """The run was cancelled."""


class RunTimedOut(SchedulingError):
    """The run took longer than it may."""


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
