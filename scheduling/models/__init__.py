"""What people want, what the worker made of it, and every run."""

from .count import CountedUpTo, RunCount, UncountedRun
from .process import HEARTBEAT_EVERY, MISSED_BEATS, SILENT_AFTER, Role, SchedulerProcess
from .run import Cause, JobRun, Status
from .schedule import ChangeCounter, JobSchedule, ScheduleState, default_zone
from .token import ApiToken, Scope

__all__ = [
    "HEARTBEAT_EVERY",
    "MISSED_BEATS",
    "SILENT_AFTER",
    "ApiToken",
    "Cause",
    "ChangeCounter",
    "CountedUpTo",
    "JobRun",
    "JobSchedule",
    "Role",
    "RunCount",
    "ScheduleState",
    "SchedulerProcess",
    "Scope",
    "Status",
    "UncountedRun",
    "default_zone",
]
