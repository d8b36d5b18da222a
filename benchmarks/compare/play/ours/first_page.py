"""The first page of a long history: the project's, and a stock admin list of as many rows.

Prints JSON with milliseconds. ``sys.argv``: how many runs.
"""

import json
import os
import sys
import time
from collections.abc import Callable

import django

REQUESTS = 30
# In the past, so that nothing of it is still to come.
COPY = """
    INSERT INTO django_apscheduler_djangojobexecution
        (job_id, status, run_time, duration, finished)
    SELECT job_name, 'Executed', scheduled_for, 0.1, 0 FROM scheduling_jobrun
    WHERE attempt = 1 AND job_name IN (SELECT id FROM django_apscheduler_djangojob)
"""


def main(rows: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    from benchmarks import past
    from benchmarks.planner import count_rows

    call_command("migrate", verbosity=0)
    past.register()
    past.fill(rows, past.moment())
    with connection.cursor() as cursor:
        cursor.execute(COPY)
    count_rows()
    pages = {
        "vsmanager's page of runs": "/runs/",
        "stock admin list, tuned": "/stock/django_apscheduler/djangojobexecution/",
    }
    print(json.dumps({name: _measure(url) for name, url in pages.items()}))


def _measure(url: str) -> dict[str, float]:
    from django.contrib.auth.models import User
    from django.test import Client

    somebody, _new = User.objects.get_or_create(
        username="root", defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client(SERVER_NAME="localhost")
    client.force_login(somebody)

    def ask() -> None:
        answer = client.get(url)
        if answer.status_code != 200:
            raise SystemExit(f"{url} answers {answer.status_code}")

    ask()
    times = sorted(_milliseconds(ask) for _ in range(REQUESTS))
    return {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)]}


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    os.environ["LOG_LEVEL"] = "ERROR"
    django.setup()
    main(int(sys.argv[1]))
