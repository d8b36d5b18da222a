from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

# What a project that says nothing of them gets (docs/use-scheduling.md).
DEFAULTS: dict[str, Any] = {
    "BASE_DIR": Path.cwd(),
    "SCHEDULER_THREADS": 10,
    "SCHEDULER_EXECUTOR": "threads",
    "RUN_RETENTION_DAYS": 90,
    "RUNS_KEPT_PER_JOB": 20,
    "TRUSTED_PROXIES": (),
    "METRICS_TOKEN": "",
    "METRICS_JOBS": 100,
    "SCHEDULES_FILE": "",
}


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = _("Scheduling")

    def ready(self) -> None:
        for setting, value in DEFAULTS.items():
            if not hasattr(settings, setting):
                setattr(settings, setting, value)

        # Some of these register themselves.
        from . import checks, counting, schedules  # noqa: F401
        from .metrics import families  # noqa: F401

        # Each app registers its jobs by decorator in its own jobs.py.
        autodiscover_modules("jobs")
        post_migrate.connect(schedules.add_missing, sender=self)
