"""The compose file of docs/past-one-machine.md says what this project understands."""

import re
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

PROJECT = Path(__file__).resolve().parent.parent
FILE = PROJECT / "docs/compose.procrastinate.yaml"
SERVICES = yaml.safe_load(FILE.read_text())["services"]
SETTINGS = (PROJECT / "docs/settings.md").read_text()
OURS = {name: one for name, one in SERVICES.items() if name != "database"}


def started(*words):
    return [name for name, one in OURS.items() if " ".join(words) in str(one["command"])]


def test_it_is_one_leader_one_stand_by_four_workers_and_the_pages():
    assert started("manage.py runscheduler") == ["leader", "stand-by"]
    assert len(started("manage.py procrastinate worker")) == 4
    assert started("gunicorn") == ["web"]
    assert set(SERVICES) - set(OURS) == {"database"}


@pytest.mark.parametrize("name", OURS)
def test_all_of_them_hand_over_and_share_the_database(name):
    environment = OURS[name]["environment"]
    assert environment["SCHEDULER_EXECUTOR"] == "procrastinate"
    assert environment["DATABASE_URL"].startswith("postgres://")
    foreign = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    for variable in set(environment) - foreign:
        assert f"`{variable}`" in SETTINGS


@pytest.mark.parametrize("name", OURS)
def test_its_commands_are_there(name):
    command = str(OURS[name]["command"])
    for each in re.findall(r"manage\.py (\w+)", command):
        assert each in get_commands()
    for file in re.findall(r"[\w-]+\.txt", command):
        assert (PROJECT / file).exists()


def test_it_waits_for_the_tables_before_anything_runs():
    for name, one in OURS.items():
        needed = {"database": "service_healthy"}
        if name != "prepare":
            needed = {"prepare": "service_completed_successfully"}
        assert {on: how["condition"] for on, how in one["depends_on"].items()} == needed


@pytest.mark.parametrize("name", [*started("runscheduler"), *started("procrastinate worker")])
def test_it_gives_running_jobs_longer_than_they_take_to_finish(name):
    assert int(OURS[name]["stop_grace_period"].rstrip("s")) > 30


def test_each_option_of_a_worker_is_one_of_procrastinates():
    from procrastinate.cli import add_arguments, create_parser

    parser = add_arguments(create_parser(), include_schema=False)
    for name in started("procrastinate worker"):
        words = OURS[name]["command"].split("manage.py procrastinate ")[1].split()
        assert parser.parse_args(words).command == "worker"
