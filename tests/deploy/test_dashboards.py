"""What other systems read is what the code says, and what their own tools accept."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.grafana import build
from tagline.serving import metrics, monitor_metrics  # noqa: F401 - registers what is told

FOLDER = Path(__file__).parents[2] / "deploy"
RULES = FOLDER / "prometheus" / "rules.yml"


@pytest.mark.parametrize("name", sorted(build.BOARDS))
def test_the_dashboards_are_built_of_the_code_as_it_is(name):
    assert (build.FOLDER / f"{name}.json").read_text() == build.build(name)


def test_every_rule_says_how_urgent_it_is_and_has_a_test():
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    tested = (RULES.parent / "rules_test.yml").read_text()
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert {"summary", "description"} <= set(rule["annotations"])
        assert f"alertname: {rule['alert']}\n" in tested


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("promtool", "check", "config", "prometheus.yml"),
        ("promtool", "check", "rules", "rules.yml"),
        ("promtool", "test", "rules", "rules_test.yml"),
        ("amtool", "check-config", "alertmanager.yml"),
    ],
    ids=" ".join,
)
def test_prometheus_s_own_tools_accept_it(words):
    assert shutil.which(words[0]), "install Debian's prometheus and prometheus-alertmanager"
    done = subprocess.run(words, cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
