"""``MANY_JOBS`` jobs that do nothing, every second."""

import os

from scheduling.registry import safe_job

NAME = "many-{:05d}"


for number in range(int(os.environ["MANY_JOBS"])):
    safe_job(NAME.format(number), interval_seconds=1)(lambda: None)
