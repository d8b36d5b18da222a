"""vsmanager itself, as a real worker with its history on."""

from ..contestant import Contestant, Program, module

_WORKER = Program(arguments=("manage.py", "runscheduler"))
_RUNNER = Program(arguments=("manage.py", "procrastinate", "worker"), schedules=False)


def contestant(database: str, executor: str = "threads") -> Contestant:
    hands_over = executor == "procrastinate"
    leader = Program(arguments=_WORKER.arguments, runs=False) if hands_over else _WORKER
    through = f", through {executor.capitalize()}" if hands_over else ""
    return Contestant(
        name=f"vsmanager, {database}{through}",
        database=database,
        programs=(leader, *([_RUNNER] * 4 if hands_over else [])),
        commands=module("ours", "prepare", "edit", "history"),
        env={
            "DJANGO_SETTINGS_MODULE": "benchmarks.compare.play.ours.settings",
            "SECRET_KEY": "only for a benchmark, gone when it is over",
            "LOG_FORMAT": "json",
            "SCHEDULER_EXECUTOR": executor,
        },
        is_ours=True,
    )


CONTESTANTS = (
    contestant("SQLite"),
    contestant("PostgreSQL"),
    contestant("PostgreSQL", "procrastinate"),
)
