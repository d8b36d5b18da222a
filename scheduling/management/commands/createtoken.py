from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from scheduling import tokens


class Command(BaseCommand):
    help = "Prints a new API token for a user, once: it can't be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="whose rights it has")

    def handle(self, *_args: Any, username: str, **_options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user called {username!r}.")
        if not user.is_active:
            raise CommandError(f"The user {username!r} is not active: its tokens are refused.")
        self.stdout.write(tokens.issue(user))
