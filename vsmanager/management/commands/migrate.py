"""Django's own migrate, for several processes that start together and for some that are killed."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from vsmanager import migrating


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        # Django offers no other place for it.
        migrate.MigrationExecutor = migrating.Executor  # type: ignore[attr-defined]
        try:
            with migrating.alone(options["database"], self.stderr.write):
                super().handle(*args, **options)
        except OSError as error:
            raise CommandError(f"The database can't be written: {error}") from None
