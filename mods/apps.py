from django.apps import AppConfig


class ModsConfig(AppConfig):
    name = "mods"
    verbose_name = "Mods and game versions"
