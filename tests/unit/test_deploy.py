"""The files of deploy/ fit the program: their jobs are valid, and what they name is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import streamreg as sr
from streamreg._cli import _parser
from streamreg._demo.points import Plan
from streamreg._jobs import load_job
from tests.support.programs import ROOT, document, missing

DEPLOY = ROOT / "deploy"
SERVICE = ROOT / "docs/how-to/service.md"


def test_the_job_of_the_compose_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one that `streamreg run` takes, on the broker that the compose file names, or one on this machine."""
    monkeypatch.delenv("KAFKA_SERVERS", raising=False)
    assert load_job(DEPLOY / "job.toml").source.kafka["bootstrap.servers"] == "localhost:9092"
    monkeypatch.setenv("KAFKA_SERVERS", "broker:9092")
    assert load_job(DEPLOY / "job.toml").source.kafka["bootstrap.servers"] == "broker:9092"


def test_the_job_of_the_kubernetes_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job in its config map is valid, with the variables that its container is given."""
    parts = manifests("kubernetes.yaml")
    job = parts["ConfigMap"]["data"]["job.toml"]
    (container,) = parts["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    variables = re.findall(r"\$\{(\w+)", job)
    assert set(variables) <= {variable["name"] for variable in container["env"]}
    for name in variables:
        monkeypatch.setenv(name, "some")
    (tmp_path / "job.toml").write_text(job, encoding="utf-8")
    assert load_job(tmp_path / "job.toml").state == "/data/state"
    assert container["image"] == f"streamreg:{sr.__version__}"


def test_prometheus_of_the_compose_file_reaches_the_job() -> None:
    """It scrapes a service that answers to this name at this port; token and rules are where it looks for them."""
    compose = manifests("compose.yaml")[None]
    services = compose["services"]
    mounts = mounted(services["prometheus"])
    config = loaded(DEPLOY / mounts["/etc/prometheus/prometheus.yml"])
    (scrape,) = config["scrape_configs"]
    (target,) = scrape["static_configs"][0]["targets"]
    name, _, port = target.partition(":")
    job = tomllib.loads((DEPLOY / mounted(services[name])["/etc/streamreg/job.toml"]).read_text())
    assert services[name]["command"] == ["run", "/etc/streamreg/job.toml"]
    assert name in job["listen"]["hosts"]
    assert job["listen"]["address"] == f"0.0.0.0:{port}"
    assert f"127.0.0.1:{port}:{port}" in services[name]["ports"]
    assert all(
        (DEPLOY / mounts[f"/etc/prometheus/{rules}"]).is_file() for rules in config["rule_files"]
    )
    (secret,) = services["prometheus"]["secrets"]
    assert scrape["authorization"] == {"credentials_file": f"/run/secrets/{secret}"}
    (variable,) = compose["secrets"][secret].values()
    assert variable in services[name]["environment"]


def test_the_broker_of_the_compose_file_keeps_its_log_on_its_volume() -> None:
    """Its topics are there after the next start."""
    broker = manifests("compose.yaml")[None]["services"]["broker"]
    assert mounted(broker)[broker["environment"]["KAFKA_LOG_DIRS"]] == "broker"


def test_the_producer_of_the_compose_file_goes_on() -> None:
    """Its command is one of the program, without an end: the dashboard has something to show while it is up."""
    producer = manifests("compose.yaml")[None]["services"]["producer"]
    asked = _parser().parse_args(producer["command"])
    plan = Plan(count=asked.count, rate=asked.rate)
    assert plan.count == 0
    assert plan.rate > 0


def test_the_token_of_the_compose_file_is_kept() -> None:
    """Where the guide makes one, it is there for later commands too, and shown: the page asks for it."""
    blocks = re.findall(r"```sh\n(.*?)```", SERVICE.read_text(encoding="utf-8"), re.S)
    (block,) = [block for block in blocks if "docker compose" in block]
    made, shown, up = block.splitlines()
    assert re.fullmatch(r'export STREAMREG_TOKEN="\$\(.*\)"', made)
    assert shown == 'echo "$STREAMREG_TOKEN"'
    assert up.startswith("docker compose -f deploy/compose.yaml up")


def test_prometheus_of_kubernetes_reaches_the_run() -> None:
    """The run answers to the names of the service, at its port; the monitor finds that, and brings the token."""
    parts = manifests("kubernetes.yaml")
    service, pod = parts["Service"], parts["StatefulSet"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    listen = tomllib.loads(parts["ConfigMap"]["data"]["job.toml"])["listen"]
    name = service["metadata"]["name"]
    assert {name, f"{name}.default.svc.cluster.local"} <= set(listen["hosts"])
    (port,), (opened,) = container["ports"], service["spec"]["ports"]
    assert listen["address"] == f"0.0.0.0:{port['containerPort']}"
    assert opened["targetPort"] == port["name"]
    monitor = manifests("servicemonitor.yaml")["ServiceMonitor"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] == opened["name"]
    tokens = {
        variable["name"]: variable["valueFrom"]["secretKeyRef"] for variable in container["env"]
    }
    assert endpoint["authorization"]["credentials"] == tokens["STREAMREG_TOKEN"]
    # By annotations it would be scraped without one.
    assert "annotations" not in pod["metadata"]


def test_every_file_says_how_far_it_was_tried() -> None:
    """The README there names each, and none that is not there."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    named = [
        name
        for row in re.findall(r"^\| (`.*?) \|", text, re.M)
        for name in re.findall(r"`(.*?)`", row)
    ]
    assert sorted([*named, "README.md"]) == sorted(path.name for path in DEPLOY.iterdir())
    assert missing(DEPLOY / "README.md", document(DEPLOY / "README.md").links) == []


def loaded(path: Path) -> Any:  # noqa: ANN401  # what YAML has
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def manifests(name: str) -> dict[str | None, Any]:
    """The documents of a file, by their kind."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    return {document.get("kind"): document for document in yaml.safe_load_all(text)}


def mounted(service: dict[str, Any]) -> dict[str, str]:
    """What stands where in the container of a service."""
    mounts = [volume.removesuffix(":ro").rsplit(":", 1) for volume in service["volumes"]]
    return {place: what for what, place in mounts}


def test_what_the_image_is_made_of_is_there() -> None:
    """Each file that the Dockerfile copies is in the repository, and not kept from it."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        name.rstrip("/")
        for line in re.findall(r"^COPY (.*)$", text, re.M)
        for name in line.split()[:-1]
    ]
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert copied
    assert all((ROOT / name).exists() for name in copied)
    assert all(f"!{name}" in kept for name in copied)


def test_the_image_has_what_jobs_ask_for() -> None:
    """Every extra that a job file can need, but Spark: that wants Java, and is the cluster's."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    (installed,) = re.findall(r"\$\{wheel\}\[([\w,]+)\]", text)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    programs_alone = {"tables", "parquet", "sklearn", "peers"}
    wanted = set(project["optional-dependencies"]) - programs_alone - {"spark"}
    assert set(installed.split(",")) == wanted


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_unit_is_one(tmp_path: Path) -> None:
    """The checker of systemd finds nothing to say about the unit, once its command is one that is here."""
    text = (DEPLOY / "streamreg@.service").read_text(encoding="utf-8")
    unit = tmp_path / "streamreg@job.service"
    unit.write_text(text.replace("/opt/streamreg/bin/streamreg", "/bin/true"), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
