from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModsConfig(AppConfig):
    name = "mods"
    verbose_name = _("Mods and game versions")

    def ready(self) -> None:
        # A part of this app that registers its own.
        from .news import admin, deadman, jobs  # noqa: F401
