"""From SQLite to PostgreSQL."""

from datetime import UTC, datetime

import pytest

from tests.waiting import wait_until

from .databases import SERVER, Sqlite

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not SERVER, reason="moves to PostgreSQL (TEST_DATABASE=postgresql)"),
]
NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="session")
def stocked(tmp_path_factory, migrated):
    """A SQLite file with something of each kind of value."""
    source = Sqlite(tmp_path_factory.mktemp("stocked"))
    at = {"DATABASE_URL": source.url}
    assert migrated.manage("migrate", "-v0", **at).returncode == 0
    made = migrated.manage(
        "createsuperuser", "--noinput", "--username=ann", "--email=ann@example.com", **at
    )
    assert made.returncode == 0
    for number in range(3):
        source.sql(
            "INSERT INTO scheduling_jobrun (id, job_name, trigger, status, scheduled_for, attempt,"
            " slots, requested_by, cancel_requested_by, worker, error, traceback, result, log)"
            " VALUES (%s, 'tick', 'manual', 'succeeded', %s, %s, 1, '', '', '', %s, '', %s, '[]')",
            number + 40, NOON, number + 1, "naïve 🎉\n\ttab", "{}",
        )  # fmt: skip
    source.sql('UPDATE scheduling_jobrun SET result = \'{"b": 1, "a": [-0.0, 2.5, null]}\'')
    source.sql("INSERT INTO django_apscheduler_djangojob (id, job_state) VALUES ('Zoë', x'00ff80')")
    return source


@pytest.fixture
def source(empty, stocked, tmp_path):
    copy = Sqlite(tmp_path)
    copy.copy_of(stocked)
    empty.env["DATABASE_URL"] = copy.url
    return copy


def move(installation):
    return installation.manage("movedatabase", "--to", installation.database.url)


def test_every_row_comes_along_and_work_goes_on_there(empty, source):
    before = source.path.read_bytes()
    moved = move(empty)
    assert moved.returncode == 0, moved.stderr
    assert "scheduling_jobrun: 3 rows, " in moved.stdout
    assert "All rows are there and the same." in moved.stdout
    assert source.path.read_bytes() == before
    run = empty.sql("SELECT error, result, scheduled_for FROM scheduling_jobrun WHERE id = 41")
    assert run == [("naïve 🎉\n\ttab", {"b": 1, "a": [0.0, 2.5, None]}, NOON)]
    states = empty.sql("SELECT id, job_state FROM django_apscheduler_djangojob")
    assert states == [("Zoë", b"\x00\xff\x80")]
    groups = "SELECT count(*) FROM auth_group_permissions"
    assert empty.count(groups) == source.sql(groups)[0][0]

    empty.env["DATABASE_URL"] = empty.database.url
    assert empty.manage("runjob", "nap", NAP="0").returncode == 0
    assert empty.count("SELECT max(id) FROM scheduling_jobrun") == 43


def test_a_database_that_holds_something_is_refused(empty, source):
    assert move(empty).returncode == 0
    again = move(empty)
    assert again.returncode == 1
    assert "holds something already" in again.stderr


def test_nothing_is_moved_while_a_worker_leads(empty, source):
    empty.start("manage.py", "runscheduler")
    wait_until(lambda: "leadership_acquired" in empty.log(), 15)
    refused = move(empty)
    assert refused.returncode == 1
    assert "A worker leads" in refused.stderr


@pytest.mark.parametrize(
    ("column", "value"), [("error", "a\0b"), ("worker", "w" * 300), ("result", '"\\u0000"')]
)
def test_what_postgresql_refuses_is_named_and_nothing_is_moved(empty, source, column, value):
    source.sql(f"UPDATE scheduling_jobrun SET {column} = %s", value)
    refused = move(empty)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "scheduling_jobrun holds what PostgreSQL refuses, in its row" in refused.stderr
    assert "Nothing was moved." in refused.stderr
    assert empty.count("SELECT count(*) FROM auth_user") == 0


def test_a_change_on_the_way_is_noticed(empty, source):
    assert empty.manage("migrate", "-v0", DATABASE_URL=empty.database.url).returncode == 0
    empty.sql(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.error = 'spoilt'; RETURN NEW; END $$"
    )
    empty.sql(
        "CREATE TRIGGER spoil BEFORE INSERT ON scheduling_jobrun"
        " FOR EACH ROW EXECUTE FUNCTION spoil()"
    )
    refused = move(empty)
    assert refused.returncode == 1
    assert (
        "scheduling_jobrun: 3 rows were sent and 3 arrived, or not as they were" in refused.stderr
    )
    assert empty.count("SELECT count(*) FROM auth_user") == 0


@pytest.mark.parametrize("to", ["sqlite:////tmp/other.sqlite3", "nonsense"])
def test_only_an_address_of_postgresql_is_taken(empty, source, to):
    refused = empty.manage("movedatabase", "--to", to)
    assert refused.returncode == 1
    assert "--to must" in refused.stderr
