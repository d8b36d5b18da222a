"""procrastinate's periodic tasks, on PostgreSQL: the app and our commands."""

import asyncio
import json
import sys
from typing import Any

import procrastinate

from benchmarks.compare.play import body

app = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def _leave_a_line(timestamp: int, name: str) -> None:
    body.note(name, timestamp)
    if body.NAP:
        await asyncio.sleep(body.NAP)


def _cron() -> str:
    """Five fields, and the seconds at the end."""
    if body.EVERY < 60:
        return f"* * * * * */{body.EVERY}"
    return "* * * * *" if body.EVERY == 60 else "0 * * * *"


_task: Any = app.task(name="leave_a_line")(_leave_a_line)
for _name in body.JOBS:
    app.periodic(cron=_cron(), periodic_id=_name, task_kwargs={"name": _name})(_task)


def prepare() -> None:
    with app.open():
        app.schema_manager.apply_schema()


def history() -> None:
    with app.open():
        jobs = app.job_manager.list_jobs()
        print(json.dumps([job.status for job in sorted(jobs, key=lambda job: job.id or 0)]))


if __name__ == "__main__":
    {"prepare": prepare, "history": history}[sys.argv[1]]()
