"""huey's periodic tasks on Redis: the consumer imports this."""

import os
import time
from collections.abc import Callable

from huey import RedisHuey, crontab

from benchmarks.compare.play import body

huey = RedisHuey("bench", url=os.environ["REDIS_URL"], results=False)
_WHEN = crontab(minute="*") if body.EVERY == 60 else crontab(minute="0")


def _task(name: str) -> Callable[[], None]:
    def leave_a_line() -> None:
        body.work(name, body.last_slot(time.time()))

    return leave_a_line


for _name in body.JOBS:
    huey.periodic_task(_WHEN, name=_name)(_task(_name))
