"""celery-beat and a worker on Redis, schedules in PostgreSQL; without results, and with them."""

from ..contestant import Contestant, Program, module

_CELERY = ("-m", "celery", "-A", "benchmarks.compare.play.with_celery")
_SCHEDULER = ("--scheduler", "benchmarks.compare.play.with_celery:Stamped")


def contestant(*, results: bool) -> Contestant:
    # Of its pools the one that did best: processes without results, threads with them.
    pool = ("--pool", "threads", "--concurrency", "10") if results else ("--concurrency", "4")
    beat = (*_CELERY, "beat", *_SCHEDULER, "--loglevel", "ERROR", "--pidfile", "")
    worker = (*_CELERY, "worker", "--loglevel", "ERROR", "--without-gossip", "--without-mingle")
    apps = ["django_celery_beat", *(["django_celery_results"] if results else [])]
    return Contestant(
        name=f"celery-beat, {'results in PostgreSQL' if results else 'no results'}",
        database="PostgreSQL",
        programs=(
            Program(arguments=beat, runs=False),
            Program(arguments=(*worker, *pool), schedules=False),
        ),
        commands=module("with_celery", "prepare", "edit", *(["history"] if results else [])),
        requirements=(
            "celery==5.7.0",
            # Its worker needs it and does not say so.
            "packaging==26.3",
            "django-celery-beat==2.9.0",
            "django-celery-results==2.6.0",
            "Django==5.2.19",
            "redis==8.1.0",
            "psycopg[binary]==3.3.9",
        ),
        needs_redis=True,
        env={
            "APPS": ",".join(apps),
            "DJANGO_SETTINGS_MODULE": "benchmarks.compare.play.peer_settings",
            **({"RESULTS": "1"} if results else {}),
        },
        keeps_history=results,
        without={} if results else {"history": "it keeps none"},
    )


CONTESTANTS = (contestant(results=False), contestant(results=True))
