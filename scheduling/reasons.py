"""Why a slot did not start, or how a run came to its end, in the scheduler's own words.

They are stored in English, the same for logs, scripts and the API; ``retold`` tells them in the
language of whoever reads. No Django.
"""

from .errors import _

# What a sentence below begins with.
NO_WORKER = _("No worker was running")
NO_WORKER_AT_FIRST = _("No worker was running at first, and then it came too late")
TOO_BUSY = _("The worker was too busy, its machine asleep or the database away")
PAUSED = _("The schedule was paused")
CHANGED = _("The schedule was changed")
DISABLED = _("The schedule was disabled")
DELETED = _("The schedule was deleted")

SLOT_LATE = _("%(why)s: this slot could not start in time.")
SLOTS_LATE = _("%(why)s: %(count)s slots could not start in time.")
MORE_SLOTS_LATE = _("%(why)s: more than %(count)s slots could not start in time.")
MADE_UP_FOR = _("One run makes up for them.")
SLOTS_GIVEN_UP = _("%(why)s, so slots that had come did not start: %(count)s.")
NOT_STARTED = _("%(why)s before it started.")
NOT_TRIED_AGAIN = _("%(why)s before it was tried again.")

TOO_MANY = _("At most %(count)s of this job's slots may run at the same time.")
STILL_RUNNING = _("The run before it was still going on, since %(since)s.")
SEVERAL_RUNNING = _("%(count)s runs of this job were still going on, the oldest since %(since)s.")

CANCELLED = _("Cancelled by %(by)s.")
CANCELLED_BEFORE = _("Cancelled by %(by)s before it started.")
NOBODY_IN_TIME = _("Its worker stopped before it started, and no other came in time.")
ANOTHER_QUEUED = _("Its worker stopped before it started, and another run of the job is queued.")

# Of runs that are handed over to Procrastinate's workers.
NO_HANDS_IN_TIME = _("It waited for a Procrastinate worker, and none took it in time.")
STILL_WAITING = _("The run before it still waited for a Procrastinate worker, since %(since)s.")
STOPPED_BY_QUEUE = _("It was aborted in Procrastinate's queue.")

TIMED_OUT = _("The run took longer than its %(seconds)s seconds.")
DEAF = _("It took longer than its %(seconds)s seconds and does not react.")
GOES_ON = _("Its thread goes on by itself.")
ENDED_TOO_LATE = _("Its thread ended at %(at)s (%(status)s): too late to count.")
NOT_STORED = _("What the job returned and logged could not be stored.")

OF_NOBODY = _("The run belongs to no process any more, so nobody can finish it.")
PROCESS_STOPPED = _("Its process %(process)s stopped before the run ended.")
PROCESS_SILENT = _("Its process %(process)s was last heard from at %(at)s and counts as gone.")
PROCESS_GONE = _("Its process %(process)s is gone; it was last heard from at %(at)s.")
STOPPED_AT_ONCE = _("The worker was told to stop at once, before the run ended.")
STOPPED = _("The worker was stopped, and the run did not end within %(seconds)s seconds.")

RESTORED = _("A backup was restored that was made while this run waited or went on.")
