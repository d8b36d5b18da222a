"""``python -m vsmanager.prepare``: the tables, and an administrator where there is none."""

import secrets
import sys

from vsmanager import env
from vsmanager.start import read_settings


def database(*, set_password: bool = False) -> None:
    """Migrate and make sure of an administrator; what fails ends this process with one line.

    ``set_password``: an administrator who is there gets the password in ADMIN_PASSWORD too.
    """
    import django

    django.setup()
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError, call_command
    from django.db import DatabaseError

    try:
        call_command("migrate", verbosity=0, interactive=False, skip_checks=False)
        _ensure_administrator(set_password)
    except CommandError as error:
        sys.exit(str(error))
    except ImproperlyConfigured as error:
        sys.exit(f"vsmanager can't start: {error}")
    except DatabaseError as error:
        sys.exit(f"vsmanager can't start: the database that DATABASE_URL names fails: {error}")


def _ensure_administrator(set_password: bool) -> None:
    from django.contrib.auth.models import User

    wanted = env.from_file("ADMIN_PASSWORD")
    administrators = User.objects.filter(is_superuser=True, is_active=True)
    if administrator := administrators.order_by("id").first():
        if wanted and set_password and not administrator.check_password(wanted):
            administrator.set_password(wanted)
            administrator.save(update_fields=["password"])
            print(f"The password of {administrator} is now the one in ADMIN_PASSWORD.")
        return
    password = wanted or secrets.token_urlsafe(12)
    name = "admin"
    while User.objects.filter(username=name).exists():
        name += "_"
    User.objects.create_superuser(name, password=password)
    if wanted:
        print(f"Made the administrator {name} with the password in ADMIN_PASSWORD.")
    else:
        print(f"Made the administrator {name} with the password {password} (shown only now).")


if __name__ == "__main__":
    read_settings()
    database()
    print("The database is ready.")
