"""A test of a channel, sent while the person who asks waits: it needs no worker."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from . import delivery
from .models import Fate, NewsChannel, NewsMessage
from .texts import plain


def send_test(channel: NewsChannel) -> str:
    """Returns what went wrong, "" if nothing; the history of messages holds it too."""
    now = timezone.now()
    with override(channel.language):
        item = _("This is a test of the channel %(name)s.") % {"name": plain(channel.name)}
    message = NewsMessage(
        channel=channel,
        channel_name=channel.name,
        items=[item],
        is_test=True,
        created_at=now,
        released_at=now,
        tries=1,
    )
    problem = delivery.send(message, channel)
    ended = timezone.now()
    message.status = Fate.GIVEN_UP if problem else Fate.DELIVERED
    message.error, message.delivered_at = problem[:600], None if problem else ended
    message.save()
    delivery.note(channel, problem, ended)
    return problem
