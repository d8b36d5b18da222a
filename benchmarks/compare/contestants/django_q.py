"""django-q2 with PostgreSQL as its broker, as it comes."""

from ..contestant import Contestant, Program, module

CONTESTANTS = (
    Contestant(
        name="django-q2, PostgreSQL",
        database="PostgreSQL",
        programs=(Program(arguments=("-m", "django", "qcluster")),),
        commands=module("with_django_q", "prepare", "edit", "history"),
        requirements=("django-q2==1.11.1", "Django==5.2.19", "psycopg[binary]==3.3.9"),
        least=60,
        env={
            "APPS": "django_q",
            "DJANGO_SETTINGS_MODULE": "benchmarks.compare.play.peer_settings",
        },
    ),
)
