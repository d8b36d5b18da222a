"""huey's periodic tasks on Redis; they stand in the code."""

from ..contestant import Contestant, Program

_CONSUMER = "benchmarks.compare.play.with_huey.huey"

CONTESTANTS = (
    Contestant(
        name="huey, Redis",
        programs=(
            Program(arguments=("-m", "huey.bin.huey_consumer", "-q", "-w", "10", _CONSUMER)),
        ),
        requirements=("huey==3.5.4", "redis==8.1.0"),
        needs_redis=True,
        least=60,
        keeps_history=False,
        without={"edit": "its schedules stand in the code", "history": "it keeps none"},
    ),
)
