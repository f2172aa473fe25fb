"""The files of deploy/ fit the program: their jobs are valid, and what they name is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._jobs import load_job
from tests.support.programs import ROOT

DEPLOY = ROOT / "deploy"


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
    text = (DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")
    (job,) = re.findall(r"^  job\.toml: \|\n((?:    .*\n|\n)+)", text, re.M)
    variables = re.findall(r"\$\{(\w+)", job)
    given = re.findall(r"- name: (\w+)\n +valueFrom: \{secretKeyRef", text)
    assert set(variables) <= set(given)
    for name in variables:
        monkeypatch.setenv(name, "some")
    (tmp_path / "job.toml").write_text(textwrap.dedent(job), encoding="utf-8")
    assert load_job(tmp_path / "job.toml").state == "/data/state"
    assert f"image: streamreg:{sr.__version__}\n" in text


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
