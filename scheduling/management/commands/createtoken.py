from argparse import ArgumentTypeError
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from scheduling import tokens
from scheduling.models import Scope


class Command(BaseCommand):
    help = "Prints a new API token for a user, once: it can't be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="whose rights it has")
        parser.add_argument(
            "--scope",
            choices=Scope.values,
            default=Scope.OPERATE,
            help="what it may do at most: look (view), or all that its user may (operate, default)",
        )
        parser.add_argument(
            "--days",
            type=_days,
            default=tokens.DEFAULT_DAYS,
            help=f'when it ends, or "never" (default: {tokens.DEFAULT_DAYS})',
        )
        parser.add_argument("--name", default="", help="what it is for, to tell it from others")

    def handle(
        self, *_args: Any, username: str, scope: str, days: int | None, name: str, **_options: Any
    ) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user called {username!r}.")
        if not user.is_active:
            raise CommandError(f"The user {username!r} is not active: its tokens are refused.")
        if len(name) > 100:
            raise CommandError("The name of a token has at most 100 characters.")
        self.stdout.write(tokens.issue(user, name=name, scope=scope, days=days))


def _days(text: str) -> int | None:
    if text == "never":
        return None
    if not text.isdecimal() or not 1 <= int(text[:9]) <= tokens.MAX_DAYS:
        raise ArgumentTypeError(f"must be from 1 to {tokens.MAX_DAYS}, or never, not {text!r}")
    return int(text)
