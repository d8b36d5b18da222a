"""The alerts, the dashboard and the page about them tell of what there is."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from mods.calls import OUTCOMES
from mods.models import SourceCheck
from scheduling.metrics.families import ENDS
from tests.scheduling.leader import NOON

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "docs/monitoring"
PAGE = (PROJECT / "docs/monitoring.md").read_text()
ALERTS = (FOLDER / "alerts.yml").read_text()
PLAYS = (FOLDER / "alerts.test.yml").read_text()
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
ASKED = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
NAMES = re.findall(r"alert: (\w+)", ALERTS)
METRIC = r"\b(?:scheduling|mods)_\w+"
promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not there: it is in Debian's prometheus"
)


@pytest.fixture
def families(db):
    """Each metric as it is told, by its name, with the names of its labels."""
    from scheduling.models import SchedulerProcess

    SchedulerProcess.objects.create(host="mole", pid=7)
    SourceCheck.objects.create(source="catalogue", checked_at=NOON)
    text = Client(SERVER_NAME="localhost").get("/metrics").content.decode()
    found = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = {label for one in family.samples for label in one.labels} - {"le"}
    return found


def documented():
    rows = re.findall(r"^\| `((?:scheduling|mods)_\w+)` \|([^|]*)\|", PAGE, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def test_each_metric_stands_on_the_page_with_its_labels(families):
    assert documented() == families


def test_the_page_names_what_their_labels_may_say():
    for word in (*ENDS, *OUTCOMES):
        assert f"`{word}`" in PAGE


@pytest.mark.parametrize(
    "text", [ALERTS, PLAYS, " ".join(ASKED)], ids=["alerts", "plays", "panels"]
)
def test_what_is_asked_for_is_there(families, text):
    asked = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(METRIC, text)}
    asked.discard("mods_upstream_request_seconds")
    assert asked <= {*families, "mod_cache_refresh"}
    labels = {label for names in families.values() for label in names}
    used = re.findall(r"(\w+)(?:=~|!~|!=|=)\"", text)
    assert {*used} <= labels | {"job", "instance", "le"}


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_is_played_and_explained(name):
    assert f"| `{name}` |" in PAGE
    # Once where nothing is wrong, and once where it is raised.
    assert f"alertname: {name}, exp_alerts: []" in PLAYS
    assert re.search(rf"alertname: {name}\n\s+exp_alerts:\n", PLAYS)


def test_links_of_the_page_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", PAGE):
        assert (PROJECT / "docs" / target).exists(), target


def tool(*arguments):
    done = subprocess.run(
        ["promtool", *arguments], cwd=FOLDER, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_promtool_reads_the_rules():
    tool("check", "rules", "alerts.yml")


@promtool
def test_each_alert_is_raised_when_it_should_be_and_only_then():
    tool("test", "rules", "alerts.test.yml")


@promtool
def test_prometheus_reads_its_settings(tmp_path):
    (tmp_path / "token").touch()
    (tmp_path / "alerts.yml").write_text(ALERTS)
    settings = (FOLDER / "prometheus.yml").read_text()
    path = "/etc/prometheus/vsmanager.token"
    assert path in settings
    (tmp_path / "prometheus.yml").write_text(settings.replace(path, str(tmp_path / "token")))
    tool("check", "config", str(tmp_path / "prometheus.yml"))


@promtool
def test_prometheus_understands_the_questions_of_the_dashboard(tmp_path):
    rules = [
        {"record": f"panel:{number}", "expr": re.sub(r"\$__rate_interval", "5m", expr)}
        for number, expr in enumerate(ASKED)
    ]
    # JSON is YAML, too.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
    tool("check", "rules", str(tmp_path / "rules.yml"))


@promtool
def test_promtool_finds_no_fault_with_the_metrics(db):
    answer = Client(SERVER_NAME="localhost").get("/metrics").content
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=answer, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_panels_of_the_dashboard_do_not_overlap():
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells
