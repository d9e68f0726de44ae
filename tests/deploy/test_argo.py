"""What is deployed on Argo Workflows: Metaflow's own templates, made with S3 and no cluster."""

import json
import os
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tagline.keys import public_hex
from tests.candidates import ask
from tests.conftest import LEAN, ROOT, Workplace, small_rows
from tests.deploy.argo import Cluster
from tests.seaweed import BUCKET

CLIENT = ROOT / ".venv" / "argo"
CHECK = """
import json, sys
from hera.workflows.models import WorkflowTemplate
WorkflowTemplate.model_validate(json.load(sys.stdin))
"""


@pytest.fixture
def cluster(s3, tmp_path):
    assert CLIENT.exists(), "`make test-all` sets up the client of Kubernetes: make .venv/.argo"
    root = f"s3://{BUCKET}/metaflow"
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{CLIENT}",
        "METAFLOW_USER": "tester",
        "METAFLOW_KUBERNETES_SECRETS": "tagline",
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": root,
        "METAFLOW_S3_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL_S3"],
        "METAFLOW_ARGO_EVENTS_EVENT_BUS": "default",
        "METAFLOW_ARGO_EVENTS_EVENT_SOURCE": "argo-events-webhook",
        "METAFLOW_ARGO_EVENTS_SERVICE_ACCOUNT": "operate-workflow-sa",
        "METAFLOW_ARGO_EVENTS_EVENT": "metaflow-event",
        "METAFLOW_ARGO_EVENTS_WEBHOOK_URL": "http://argo-events-webhook:12000/metaflow-event",
    }


def template(flow, environment, folder, *words):
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "flows" / f"{flow}.py"), "--no-pylint", *words),
            *("--datastore", "s3", "argo-workflows", "create", "--only-json"),
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(done.stdout[done.stdout.index("{") :])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flow", "steps"),
    [
        ("train", {"start", "search", "choose", "report", "end"}),
        ("score", {"start", "end"}),
        ("monitor", {"start", "end"}),
        ("replay", {"start", "end"}),
        ("snapshot", {"start", "end"}),
        (
            "promote",
            {"start", "agree", "promote", "end"},
        ),
    ],
)
def test_argo_takes_the_template_of_each_flow(cluster, tmp_path, flow, steps):
    made = template(flow, cluster, tmp_path)
    checked = subprocess.run(
        [sys.executable, "-c", CHECK],
        input=json.dumps(made),
        env=cluster,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr[-3000:]
    names = {each["name"] for each in made["spec"]["templates"]}
    assert steps <= names


@pytest.mark.slow
def test_a_task_there_gets_what_its_case_asks_for(cluster, tmp_path):
    small_rows().to_csv(tmp_path / "rows.csv", index=False)
    asked = "[resources]\nmemory_mb = 9000\ncpus = 3\nminutes = 50\nretries = 2\n"
    (tmp_path / "small.toml").write_text(LEAN + asked)
    made = template("train", cluster, tmp_path, "--config", "case", "small.toml")
    steps = {"start", "search", "choose", "report", "end"}
    tasks = [each for each in made["spec"]["templates"] if each["name"] in steps]
    assert len(tasks) == len(steps)
    for each in tasks:
        assert each["container"]["resources"]["requests"]["memory"] == "9000.0M"
        assert float(each["container"]["resources"]["requests"]["cpu"]) == 3
        assert each["activeDeadlineSeconds"] == 50 * 60
        assert each["retryStrategy"]["limit"] == 2


@pytest.mark.slow
def test_who_starts_each_flow_there(cluster, tmp_path):
    said = {
        flow: template(flow, cluster, tmp_path)["metadata"]["annotations"]
        for flow in ("train", "score", "monitor", "promote")
    }
    assert json.loads(said["score"]["metaflow/cron"])["schedule"]
    (asked,) = json.loads(said["train"]["metaflow/triggers"])
    assert (asked["name"], asked["type"]) == ("tagline.retrain.flights", "event")
    (handed,) = json.loads(said["promote"]["metaflow/triggers"])
    assert handed["name"] == "tagline.promote"
    (finished,) = json.loads(said["monitor"]["metaflow/triggers"])
    assert finished["type"] == "run"
    assert finished["name"].endswith(".ScoreFlow.end")


@pytest.mark.slow
def test_without_a_secret_that_brings_a_key_nothing_is_deployed(cluster, tmp_path):
    without = {n: each for n, each in cluster.items() if n != "METAFLOW_KUBERNETES_SECRETS"}
    with pytest.raises(AssertionError, match="no secret brings them a key"):
        template("train", without, tmp_path)


@pytest.mark.slow
def test_each_task_runs_in_an_empty_folder_with_the_code_package_alone(cluster, tmp_path):
    """And another machine, with the store, promotes what came of it."""
    small_rows().to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "small.toml").write_text(LEAN + "[gates]\nbeat_baselines = false\n")
    own = {**cluster, "METAFLOW_DATASTORE_SYSROOT_S3": f"s3://{BUCKET}/{tmp_path.name}"}
    made = template("train", own, tmp_path, "--config", "case", "small.toml")
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    Cluster(made, tmp_path / "pods", {"TAGLINE_SIGNING_KEY": pem}).run()
    there = {"TAGLINE_STORE": f"s3://{BUCKET}/{tmp_path.name}/mf.tagline"}
    (tmp_path / "there").mkdir()
    place = Workplace(tmp_path / "there", there)
    (run,) = ask(place, "runs")
    assert (run["run"], run["state"]) == ("TrainFlow/argo-trainflow-abcde", "finished")
    shown = ask(place, "show", run["run"])
    assert shown["author_key"] == public_hex(key)
    assert ask(place, "promote", run["run"])["entry"]["bundle"] == run["digest"]
