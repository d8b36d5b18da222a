"""Plain APScheduler with its memory store: no history and no database, so the ceiling."""

from ..contestant import Contestant, Program, module

CONTESTANTS = (
    Contestant(
        name="APScheduler, memory",
        programs=(Program(arguments=module("with_apscheduler", "run")["run"]),),
        requirements=("APScheduler==3.11.3",),
        keeps_history=False,
        without={
            "edit": "its schedules are in the process alone",
            "history": "it keeps none",
        },
    ),
)
