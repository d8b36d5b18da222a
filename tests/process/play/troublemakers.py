"""Jobs that do what no job should. FAULT_JOBS registers them."""

import structlog

from scheduling.registry import safe_job


@safe_job("quit")
def leave() -> None:
    raise SystemExit(3)


@safe_job("talk")
def talk() -> str:
    logger = structlog.get_logger()
    for number in range(100_000):
        logger.info("said", number=number, text="x" * 100)
    return "said all"
