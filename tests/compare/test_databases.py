"""The servers that a comparison starts, real ones."""

import shutil
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from benchmarks.compare import processes
from benchmarks.compare.databases import Postgres, Redis, Sqlite
from tests.waiting import wait_until


@pytest.mark.process
def test_postgresql_counts_queries_while_it_shall_and_drops_what_it_made(tmp_path):
    with closing(Postgres("")) as server:
        url = server.new(tmp_path)["DATABASE_URL"]
        with psycopg.connect(url) as session:
            session.execute("SELECT 1")
            server.count(True)
            wait_until(lambda: session.execute("SHOW log_statement").fetchone() == ("all",), 10)
            before = server.counted()
            session.execute("CREATE TABLE note (number integer)")
            session.execute("INSERT INTO note VALUES (%s)", [7])
            session.commit()
            assert before is not None
            wait_until(lambda: server.counted() == before + 2, 10)
        assert processes.cpu(server.pids()) > 0
        server.drop()
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(url)
        pids = server.pids()
    assert not processes.tree(pids)


@pytest.mark.process
@pytest.mark.skipif(not shutil.which("redis-server"), reason="needs a redis-server")
def test_redis_counts_its_commands_and_ends(tmp_path):
    with closing(Redis(tmp_path)) as redis:
        before = redis.commands()
        assert redis.commands() == before + 1
        pid = redis.pid
    assert not processes.tree([pid])


def test_sqlite_is_a_file_of_the_stage():
    env = Sqlite().new(Path("/stage"))
    assert env["DATABASE_URL"] == "sqlite:////stage/db.sqlite3"
    assert Sqlite().pids() == []
    assert Sqlite().counted() is None
