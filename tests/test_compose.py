"""The compose files, the image and the units say what this project understands."""

import configparser
import fnmatch
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

from .deployment import COMPOSE, MANY, PROJECT, UNITS, compose, dockerfile, environment, unit, words

SETTINGS = (PROJECT / "docs/settings.md").read_text()
FILES = {"compose.yaml": compose(COMPOSE), "compose.procrastinate.yaml": compose(MANY)}
OURS = [
    pytest.param(one, id=f"{file}-{name}")
    for file, content in FILES.items()
    for name, one in content["services"].items()
    if name != "database"
]
ALL = [
    pytest.param(one, id=f"{file}-{name}")
    for file, content in FILES.items()
    for name, one in content["services"].items()
]


def started(file, *command):
    services = FILES[file]["services"].items()
    return [name for name, one in services if " ".join(command) in str(one.get("command"))]


def test_it_is_the_pages_a_worker_a_stand_by_and_a_database():
    file = "compose.yaml"
    assert started(file, "manage.py runscheduler") == ["worker", "stand-by"]
    assert started(file, "gunicorn") == ["web"]
    assert {*FILES[file]["services"]} == {"database", "prepare", "web", "worker", "stand-by"}


def test_the_larger_one_is_one_leader_one_stand_by_four_workers_and_the_pages():
    file = "compose.procrastinate.yaml"
    assert started(file, "manage.py runscheduler") == ["leader", "stand-by"]
    assert len(started(file, "manage.py procrastinate worker")) == 4
    assert started(file, "gunicorn") == ["web"]
    for name, one in FILES[file]["services"].items():
        if name != "database":
            assert one["environment"]["SCHEDULER_EXECUTOR"] == "procrastinate"
            assert one["build"]["args"]["REQUIREMENTS"] == "requirements-procrastinate.txt"


@pytest.mark.parametrize("one", OURS)
def test_each_variable_that_it_sets_is_known(one):
    for variable in one["environment"]:
        assert f"`{variable}`" in SETTINGS


@pytest.mark.parametrize("one", OURS)
def test_its_commands_are_there(one):
    for each in re.findall(r"manage\.py (\w+)", one["command"]):
        assert each in get_commands()
    for module in re.findall(r"-m ([\w.]+)", one["command"]):
        assert (PROJECT / module.replace(".", "/")).with_suffix(".py").exists()


@pytest.mark.parametrize("one", ALL)
def test_it_runs_without_rights_and_writes_nowhere_but_to_memory_and_volumes(one):
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in one["tmpfs"]
    assert not one.get("privileged")
    assert not [each for each in one.get("volumes", []) if each.startswith(("/", "."))]
    # Of ours the image says it: USER.
    assert one.get("user", "10001") not in ("root", "0")


@pytest.mark.parametrize("one", ALL)
def test_no_process_of_it_is_the_first_one_which_has_to_care_for_orphans(one):
    assert one["init"] is True


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_published_but_the_port_of_the_pages(file):
    published = {name: one.get("ports") for name, one in FILES[file]["services"].items()}
    assert {name for name, ports in published.items() if ports} == {"web"}
    assert published["web"] == ["127.0.0.1:8000:8000"]


@pytest.mark.parametrize("file", FILES)
def test_it_waits_for_the_tables_before_anything_runs(file):
    for name, one in FILES[file]["services"].items():
        needed = {
            "database": {},
            "prepare": {"database": "service_healthy"},
        }.get(name, {"prepare": "service_completed_successfully"})
        waits_for = one.get("depends_on", {})
        assert {on: how["condition"] for on, how in waits_for.items()} == needed


@pytest.mark.parametrize("file", FILES)
def test_running_jobs_get_longer_than_they_take_to_finish(file):
    for name in [*started(file, "runscheduler"), *started(file, "procrastinate worker")]:
        assert int(FILES[file]["services"][name]["stop_grace_period"].rstrip("s")) > 30


@pytest.mark.parametrize("file", FILES)
def test_the_pages_the_schedulers_and_the_database_are_looked_after(file):
    for name in ("database", *started(file, "gunicorn"), *started(file, "runscheduler")):
        test = FILES[file]["services"][name]["healthcheck"]["test"]
        assert test[0] == "CMD"
        if name != "database":
            assert test[1:4] == ["python", "-m", "vsmanager.probe"]
            assert test[4:] == ["web" if name == "web" else "worker"]


def test_the_database_hears_only_from_its_own():
    content = FILES["compose.yaml"]
    assert content["networks"]["database"] == {"internal": True}
    assert content["services"]["database"]["networks"] == ["database"]


@pytest.mark.parametrize("file", FILES)
def test_no_secret_stands_in_the_environment(file):
    for one in FILES[file]["services"].values():
        for name in one["environment"]:
            assert not re.search(r"(PASSWORD|SECRET_KEY|_URL)$", name)
        for path in (value for name, value in one["environment"].items() if name.endswith("FILE")):
            if path.startswith("/run/secrets/"):
                assert Path(path).name in one["secrets"]


def test_each_option_of_a_worker_is_one_of_procrastinates():
    from procrastinate.cli import add_arguments, create_parser

    parser = add_arguments(create_parser(), include_schema=False)
    for name in started("compose.procrastinate.yaml", "procrastinate worker"):
        command = FILES["compose.procrastinate.yaml"]["services"][name]["command"]
        arguments = words(command.split("manage.py procrastinate ")[1])
        assert parser.parse_args(arguments).command == "worker"


def test_secrets_are_made_once_and_kept(tmp_path):
    def make():
        subprocess.run([PROJECT / "script/secrets", tmp_path / "s"], check=True, timeout=20)
        return {path.name: path.read_text() for path in (tmp_path / "s").iterdir()}

    made = make()
    assert {*made} == {*FILES["compose.yaml"]["secrets"]}
    assert len(made["secret_key"].strip()) >= 50
    assert made["database_password"].strip() in made["database_url"]
    assert make() == made
    assert (tmp_path / "s").stat().st_mode & 0o077 == 0


def test_the_image_has_two_stages_and_no_root():
    names = [name for name, _ in dockerfile()]
    assert names.count("FROM") == 2
    last = [*dockerfile()][len(names) - names[::-1].index("FROM") :]
    assert ("USER", "10001:10001") in last
    assert not [rest for name, rest in last if name == "RUN" and "pip" in rest]


def test_the_image_has_all_that_runs_and_nothing_else():
    lines = (PROJECT / ".dockerignore").read_text().splitlines()

    def goes_in(name):
        # The last line that names it decides.
        said = [line for line in lines if fnmatch.fnmatch(name, line.lstrip("!"))]
        return said[-1].startswith("!")

    assert "*" in lines
    for needed in ("manage.py", "gunicorn.conf.py", "scheduling", "mods", "vsmanager", "locale"):
        assert goes_in(needed)
    assert goes_in("templates")
    assert goes_in("requirements.txt")
    for other in (
        "secrets",
        "secret_key",
        "db.sqlite3",
        ".git",
        ".venv",
        "tests",
        ".env",
        "requirements-dev.txt",
    ):
        assert not goes_in(other)
    for _, rest in (each for each in dockerfile() if each[0] == "ARG"):
        assert goes_in(rest.split("=")[1])


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="no docker-compose here")
@pytest.mark.parametrize("file", [COMPOSE, MANY], ids=lambda path: path.name)
def test_docker_compose_understands_it(file, tmp_path):
    # Debian's older release does not know the name of a project yet.
    copy = tmp_path / "compose.yaml"
    copy.write_text(re.sub(r"^name:.*", "", file.read_text(), flags=re.MULTILINE))
    done = subprocess.run(
        ["docker-compose", "-f", copy, "config", "--quiet"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_closes_what_is_not_needed(path):
    said = unit(path)
    for name, value in {
        "Type": "notify",
        "Restart": "always",
        "User": "vsmanager",
        "NoNewPrivileges": "true",
        "ProtectSystem": "strict",
        "ProtectHome": "true",
        "PrivateTmp": "true",
        "UMask": "0077",
        "LimitCORE": "0",
        "CapabilityBoundingSet": "",
    }.items():
        assert said[name] == [value]
    assert said["MemoryMax"]
    configparser.ConfigParser(strict=True, interpolation=None).read(path)


def test_the_worker_is_watched_more_patiently_than_it_waits_and_stopped_after_its_grace():
    from scheduling import pulse, worker

    [said] = [unit(path) for path in UNITS if "worker" in path.name]
    assert int(said["WatchdogSec"][0]) > worker.LONGEST_PASS + 2 * pulse.BEAT_EVERY
    grace = re.search(r"--grace (\d+)", said["ExecStart"][0])
    assert int(said["TimeoutStopSec"][0]) > int(grace[1])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_it_and_finds_little_exposed(path, tmp_path):
    copy = tmp_path / path.name.replace("@", "@1")
    copy.write_text(path.read_text().replace("/opt/vsmanager/.venv/bin/", "/bin/"))
    copy.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", copy.read_text()))
    done = subprocess.run(
        ["systemd-analyze", "verify", copy],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_each_variable_of_the_example_is_known():
    for variable in environment(PROJECT / "deploy/vsmanager.env"):
        assert f"`{variable}`" in SETTINGS
