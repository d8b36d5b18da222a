"""History past its retention."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scheduling import prune


class Command(BaseCommand):
    help = "Deletes runs that are past their retention. The newest of each job stay."

    def add_arguments(self, parser: CommandParser) -> None:
        days, keep = settings.RUN_RETENTION_DAYS, settings.RUNS_KEPT_PER_JOB
        parser.add_argument(
            "--days",
            type=int,
            default=days,
            help=f"keep so many days (default: RUN_RETENTION_DAYS, {days})",
        )
        parser.add_argument(
            "--keep",
            type=int,
            default=keep,
            help=f"and so many runs of each job (default: RUNS_KEPT_PER_JOB, {keep})",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *, days: int, keep: int, dry_run: bool, **_options: Any) -> None:
        if days < 0 or keep < 0:
            raise CommandError("--days and --keep must not be negative.")
        now = timezone.now()
        if dry_run:
            count = sum(len(batch) for batch in prune.old_runs(now, days, keep))
            self.stdout.write(f"{count:,} runs would be deleted.")
        else:
            self.stdout.write(f"{prune.prune(now, days, keep):,} runs deleted.")
