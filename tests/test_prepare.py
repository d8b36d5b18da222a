"""The tables, and an administrator where there is none."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError
from django.db import OperationalError

from vsmanager import prepare

pytestmark = pytest.mark.django_db


@pytest.fixture
def migrate(monkeypatch):
    """What ``migrate`` does: nothing, or what the test says."""
    called = []

    def migrate(name, **options):
        called.append((name, options["interactive"]))
        if migrate.error:
            raise migrate.error

    migrate.error, migrate.called = None, called
    monkeypatch.setattr("django.core.management.call_command", migrate)
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)
    return migrate


def test_a_first_administrator_gets_a_password_that_is_shown_once(migrate, capsys):
    prepare.database()
    told = capsys.readouterr().out
    password = told.removeprefix("Made the administrator admin with the password ").split(" ")[0]
    assert User.objects.get(is_superuser=True).check_password(password)
    prepare.database()
    assert capsys.readouterr().out == ""
    assert migrate.called == [("migrate", False)] * 2


def test_a_password_that_is_given_is_never_shown(migrate, monkeypatch, capsys):
    monkeypatch.setenv("ADMIN_PASSWORD", "open sesame please")
    prepare.database()
    assert User.objects.get().check_password("open sesame please")
    assert "sesame" not in capsys.readouterr().out


def test_a_name_that_is_taken_is_not_given_rights(migrate):
    User.objects.create_user("admin")
    prepare.database()
    assert not User.objects.get(username="admin").is_superuser
    assert User.objects.get(username="admin_").is_superuser


@pytest.mark.parametrize("set_password", [True, False])
def test_an_administrators_password_changes_only_where_that_is_meant(
    migrate, monkeypatch, capsys, set_password
):
    ann = User.objects.create_superuser("ann", password="what ann chose")
    monkeypatch.setenv("ADMIN_PASSWORD", "open sesame please")
    for _ in range(2):
        prepare.database(set_password=set_password)
    ann.refresh_from_db()
    assert ann.check_password("open sesame please" if set_password else "what ann chose")
    assert capsys.readouterr().out.count("ADMIN_PASSWORD") == int(set_password)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CommandError("Stop the old worker."), "Stop the old worker."),
        (ImproperlyConfigured("X is bad."), "vsmanager can't start: X is bad."),
        (OperationalError("gone"), "the database that DATABASE_URL names fails: gone"),
    ],
)
def test_what_fails_ends_the_process_with_one_line(migrate, error, told):
    migrate.error = error
    with pytest.raises(SystemExit) as ended:
        prepare.database()
    assert str(ended.value.code).endswith(told)
    assert not User.objects.exists()
