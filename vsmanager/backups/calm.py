"""What a restore does to a database before anybody can start jobs from it.

A backup is the past: what was going on or waiting in it has long ended, and it may be of another
installation. So nothing of it runs again, and nothing new begins until a person says so. In SQL
that versions old and new understand, since it comes before any migration.
"""

from django.db import transaction

from mods.news import problems
from mods.news.models import NewsChannel
from scheduling import reasons
from scheduling.models import JobSchedule

# How schedules that a restore has paused are told from those that a person has.
PAUSED = "a backup was restored"

# Columns that the first release had. A timestamp is written as each of the databases does.
_ALWAYS = """
    UPDATE scheduling_jobrun SET status = 'lost', finished_at = {now}, error = '{ended}'
        WHERE status = 'running';
    UPDATE scheduling_jobrun SET status = 'cancelled', finished_at = {now}, error = '{ended}'
        WHERE status = 'queued';
    UPDATE scheduling_schedulerprocess SET stopped_at = {now}, leading_since = NULL
        WHERE stopped_at IS NULL;
    DELETE FROM django_session;
"""
_PAUSE = """
    UPDATE scheduling_jobschedule SET paused = {true}, paused_until = NULL,
        pause_reason = '{paused}' WHERE NOT paused OR paused_until <= {now};
"""
# Tables that came later.
_MESSAGES = """
    UPDATE mods_newsmessage SET status = 'given_up', next_try_at = NULL, error = '{unsent}'
        WHERE status IN ('held', 'queued');
"""
_MUTE = """
    UPDATE mods_newschannel SET enabled = {false}, problem = '{muted}', problem_since = {now}
        WHERE enabled;
"""
_WORDS = {
    "sqlite": {"now": "strftime('%Y-%m-%d %H:%M:%f000', 'now')", "true": "1", "false": "0"},
    "postgresql": {"now": "now()", "true": "true", "false": "false"},
}


def script(vendor: str, *, live: bool, news: bool = True) -> str:
    """Statements for SQLite or PostgreSQL; ``live`` leaves schedules and channels as they are.

    ``news`` is whether the database has the tables of news.
    """
    parts = [_ALWAYS, *([] if live else [_PAUSE])]
    if news:
        parts += [_MESSAGES, *([] if live else [_MUTE])]
    return "".join(parts).format(
        **_WORDS[vendor],
        ended=reasons.RESTORED,
        paused=PAUSED,
        unsent=problems.RESTORED,
        muted=problems.MUTED,
    )


def go_live() -> dict[str, int]:
    """Let go on what a restore has paused and muted; what people had paused stays so."""
    with transaction.atomic():
        held = JobSchedule.objects.filter(paused=True, pause_reason=PAUSED)
        muted = NewsChannel.objects.filter(enabled=False, problem=problems.MUTED)
        return {
            "schedules": held.update(paused=False, paused_until=None, pause_reason=""),
            "channels": muted.update(enabled=True, problem="", problem_since=None),
        }
