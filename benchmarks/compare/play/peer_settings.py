"""Django for the peers: their apps, one database, and nothing that would slow them down."""

import os
from typing import Any

SECRET_KEY = "only for a benchmark"  # noqa: S105
INSTALLED_APPS = ["django.contrib.contenttypes", *filter(None, os.environ["APPS"].split(","))]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_name = os.environ["PEER_DATABASE"]
# The server's address is in the variables of libpq. A connection for each task would cost the
# peers more than anything else they do.
_postgresql: dict[str, Any] = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": _name,
    "CONN_MAX_AGE": None,
}
# Django's own defaults end with "database is locked" within seconds.
_sqlite: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": _name,
    "OPTIONS": {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
DATABASES = {"default": _sqlite if _name.endswith(".sqlite3") else _postgresql}

Q_CLUSTER = {
    "name": "bench",
    "workers": 4,
    "orm": "default",
    "timeout": 20,
    "retry": 30,
    "save_limit": 0,
    "log_level": "ERROR",
    "catch_up": False,
}
CELERY_BROKER_URL = os.environ.get("REDIS_URL", "")
CELERY_RESULT_BACKEND = "django-db" if os.environ.get("RESULTS") else None
CELERY_TASK_IGNORE_RESULT = not os.environ.get("RESULTS")
CELERY_TASK_TRACK_STARTED = True
CELERY_RESULT_EXTENDED = False
CELERY_TIMEZONE = "UTC"
