from django.apps import AppConfig


class VsmanagerConfig(AppConfig):
    """The project as an app: it holds what goes over all apps, such as the groups."""

    name = "vsmanager"

    def ready(self) -> None:
        from . import tracing

        tracing.start()
