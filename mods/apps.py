from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModsConfig(AppConfig):
    name = "mods"
    verbose_name = _("Mods and game versions")

    def ready(self) -> None:
        # Parts of this app that register their own.
        from . import metrics  # noqa: F401
        from .news import admin, deadman, jobs  # noqa: F401
