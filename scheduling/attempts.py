"""The attempts at one slot of a job: the first, and its retries."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from .models import JobRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """``runs`` are all attempts that left a row, the first one first, ``run`` among them."""

    run: JobRun
    runs: list[JobRun]
    max_retries: int

    @property
    def first(self) -> JobRun | None:
        """The run that this one tries again; None when it is the first, or the first is gone."""
        first = self.runs[0]
        return first if first.attempt == 1 and first.pk != self.run.pk else None

    @property
    def in_words(self) -> str:
        """``retry 2 of 3``; empty for a first attempt."""
        number = self.run.attempt - 1
        if not number:
            return ""
        # Fewer may be allowed now than when this one was queued.
        if number > self.max_retries:
            return _("a retry")
        return _("retry %(number)d of %(most)d") % {"number": number, "most": self.max_retries}
