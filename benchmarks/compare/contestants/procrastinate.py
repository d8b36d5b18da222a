"""procrastinate's own periodic tasks, which stand in the code, on PostgreSQL."""

from ..contestant import Contestant, Program, module

_APP = "--app=benchmarks.compare.play.with_procrastinate.app"

CONTESTANTS = (
    Contestant(
        name="procrastinate, periodic tasks",
        database="PostgreSQL",
        programs=(
            Program(arguments=("-m", "procrastinate", _APP, "worker", "--concurrency", "10")),
        ),
        commands=module("with_procrastinate", "prepare", "history"),
        requirements=("procrastinate==3.10.0", "psycopg[binary,pool]==3.3.9"),
        without={"edit": "its schedules stand in the code"},
    ),
)
