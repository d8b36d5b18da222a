"""What may become of a message that was not delivered, in words.

They are stored in English, the same for logs and scripts; ``retold`` tells them in the language
of whoever reads.
"""

import re

from django.utils.translation import gettext, gettext_noop

from . import courier

TOO_SLOW, BROKEN = "too_slow", "broken"
UNREADABLE = gettext_noop(
    "The address of this channel can't be read: SECRET_KEY is not the one that it was stored "
    "with. Enter the address again."
)
DELETED = gettext_noop("The channel was deleted before the message was sent.")
OFF = gettext_noop("The channel was switched off.")
MUTED = gettext_noop("Switched off because a backup was restored.")
RESTORED = gettext_noop("A backup was restored that was made while this message waited.")
# By what the process that sends answers, and what becomes of that process.
SENDING = {
    courier.UNKNOWN: gettext_noop("This is not an address that Apprise understands."),
    courier.SCHEME: gettext_noop(
        "Addresses of this kind act on this machine; choose another service."
    ),
    courier.FILE: gettext_noop("The address names a file of this machine, which is not read."),
    courier.INSIDE: gettext_noop(
        "The address points to this machine or inside its network, which is refused unless "
        "NEWS_ALLOW_PRIVATE allows it."
    ),
    courier.NOT_FOUND: gettext_noop(
        "The host in the address can't be found. Check how it is written."
    ),
    courier.REFUSED_THERE: gettext_noop("The message was not taken."),
    TOO_SLOW: gettext_noop("It took longer than %(seconds)d seconds."),
    BROKEN: gettext_noop("The process that sends messages could not be run."),
}
_SECONDS = "%(seconds)d"


def retold(problem: str) -> str:
    """The sentence that it begins with in the active language; what a service said follows."""
    for sentence in (UNREADABLE, DELETED, OFF, *SENDING.values()):
        before, found, after = sentence.partition(_SECONDS)
        pattern = re.escape(before) + (r"(\d+)" + re.escape(after) if found else "")
        if match := re.match(pattern, problem):
            seconds = {"seconds": int(match[1])} if found else {}
            told = gettext(sentence) % seconds if found else gettext(sentence)
            return told + problem[match.end() :]
    return problem
