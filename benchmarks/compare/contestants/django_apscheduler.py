"""django-apscheduler as its README starts it, in a process of its own."""

from ..contestant import Contestant, Program, module


def contestant(database: str) -> Contestant:
    return Contestant(
        name=f"django-apscheduler, {database}",
        database=database,
        programs=(Program(arguments=module("with_apscheduler", "run")["run"]),),
        commands=module("with_apscheduler", "prepare", "edit", "history"),
        requirements=(
            "django-apscheduler==0.7.0",
            "APScheduler==3.11.3",
            "Django==5.2.19",
            "psycopg[binary]==3.3.9",
        ),
        env={
            "APPS": "django_apscheduler",
            "DJANGO_SETTINGS_MODULE": "benchmarks.compare.play.peer_settings",
        },
    )


CONTESTANTS = (contestant("SQLite"), contestant("PostgreSQL"))
