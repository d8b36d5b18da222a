"""What can go wrong with an upstream, in words for staff. Nothing was stored when these rise."""

from scheduling.errors import JobFailed

# Seconds in which a run that failed is tried again. Who asks for a longer rest gets it.
SOON = 60
KEPT = "The stored data stays as it was."


class UpstreamError(JobFailed):
    """The upstream could not be read."""


class Unreachable(UpstreamError):
    """The upstream can't be reached."""


class Untrusted(UpstreamError):
    """The upstream can't prove that it is who it says."""


class TooSlow(UpstreamError):
    """The upstream did not answer in time."""


class TooLarge(UpstreamError):
    """The upstream's answer is larger than what is read."""


class Unavailable(UpstreamError):
    """The upstream answers that it can't answer now (429, 5xx).

    ``retry_after`` is the number of seconds it asks us to stay away, None if it names none.
    """

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.permanent = retry_after is not None and retry_after > SOON


class BadRedirect(UpstreamError):
    """The upstream sends us somewhere we don't go."""

    permanent = True


class BadAnswer(UpstreamError):
    """The upstream answered with something else than expected."""


class NotListed(BadAnswer):
    """The mod database says that it has no such mod."""


class Implausible(UpstreamError):
    """The upstream's answer is well formed but not to be believed."""
