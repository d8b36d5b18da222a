"""Jobs that are worth watching."""

import structlog

from scheduling.registry import current_run, safe_job

LEGS = 40


@safe_job("voyage")
def voyage() -> dict[str, int]:
    """Sails leg by leg, and tells of each."""
    run = current_run()
    for leg in range(1, LEGS + 1):
        structlog.get_logger().info("leg_sailed", leg=leg)
        run.progress(leg, LEGS, f"leg {leg}")
        run.sleep(0.5)
    return {"legs": LEGS}


@safe_job("wreck")
def wreck() -> None:
    """Never arrives."""
    raise RuntimeError("ran <b>aground</b> on rock 17")
