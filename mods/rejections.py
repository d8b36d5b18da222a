"""Rows that can't be used: counted, the first of them told, too many fail the run."""

from dataclasses import dataclass, field

import structlog

from scheduling.text import clean

from .errors import Implausible

logger = structlog.get_logger(__name__)

TOLD = 20
TOLERATED = 0.05


class BadRow(ValueError):
    """Why one row can't be used, in words that name it."""


@dataclass(slots=True)
class Rejections:
    """The rows of one answer that were left out."""

    count: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, reason: BadRow) -> None:
        self.count += 1
        if len(self.reasons) < TOLD:
            self.reasons.append(clean(str(reason), 200))

    def tell(self, event: str) -> None:
        """Log the first of the reasons, one event each."""
        for reason in self.reasons:
            logger.warning(event, reason=reason)

    def check(self, received: int, what: str) -> None:
        """Raise Implausible if they are more than the odd one: then the format has changed."""
        if self.count > received * TOLERATED:
            raise Implausible(
                f"{self.count:,} of {received:,} {what} could not be understood, more than the "
                f"{TOLERATED:.0%} that may be left out. Nothing was changed. The first: "
                + "; ".join(self.reasons[:3])
            )
