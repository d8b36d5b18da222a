from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = _("Scheduling")

    def ready(self) -> None:
        # Some of these register themselves.
        from . import checks, counting, schedules  # noqa: F401
        from .metrics import families  # noqa: F401

        # Each app registers its jobs by decorator in its own jobs.py.
        autodiscover_modules("jobs")
        post_migrate.connect(schedules.add_missing, sender=self)
