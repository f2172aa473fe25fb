"""The jobs of deploy/ are served as their files say, and a real Prometheus scrapes one by the configuration there."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.process import ROOT, wait_until
from tests.support.programs import document

DEPLOY = ROOT / "deploy"
TOKEN = "a-token-of-this-test"
SECONDS = 60.0


def compose_job() -> str:
    return (DEPLOY / "job.toml").read_text(encoding="utf-8")


def kubernetes_job() -> str:
    """Its settings of TLS and SASL left out: the broker has neither."""
    text = (DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")
    (job,) = (part for part in yaml.safe_load_all(text) if part["kind"] == "ConfigMap")
    return re.sub(r"^(security|sasl)\..*\n", "", job["data"]["job.toml"], flags=re.M)


def systemd_job() -> str:
    """That of the page about services, which listens nowhere."""
    (job,) = document(ROOT / "docs/how-to/service.md").jobs
    return job + '[listen]\naddress = "127.0.0.1:9464"\n'


@contextmanager
def listening(
    command: Sequence[str], said: re.Pattern[str], log: Path, *, status: int = 0
) -> Iterator[int]:
    """Runs a program that says in its log where it listens; gives the port. SIGTERM must end it with this status."""
    with log.open("w") as lines:
        process = subprocess.Popen(
            command,
            stdout=lines,
            stderr=lines,
            env={**os.environ, "STREAMREG_TOKEN": TOKEN, "STATE_DIRECTORY": str(log.parent)},
        )
    try:
        wait_until(
            lambda: bool(said.search(log.read_text())) or process.poll() is not None,
            SECONDS,
            log.read_text,
        )
        found = said.search(log.read_text())
        assert found is not None, log.read_text()
        yield int(found[1])
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == status, log.read_text()
    finally:
        process.kill()
        process.wait()


def put(text: str, **others: str) -> str:
    """A text with other words in the place of some that it must have."""
    for wanted, other in others.items():
        assert wanted in text
        text = text.replace(wanted, other)
    return text


def served(
    job: str, broker: EmbeddedBroker, topic: str, folder: Path, own: Path | None = None
) -> AbstractContextManager[int]:
    """Runs a job of this topic on a port that is free; `own` is where its file stands, if not in the folder."""
    job = put(job, **{'"linear-regression"': f'"{topic}"', ":9464": ":0"}).replace(
        "/data", str(folder)
    )
    servers = f'bootstrap.servers = "{broker.bootstrap_servers}"'
    job = re.sub(r"^bootstrap\.servers.*", servers, job, flags=re.M)
    path = (own or folder) / "job.toml"
    path.write_text(job, encoding="utf-8")
    command = [sys.executable, "-m", "streamreg", "run", str(path), "--processes", "1"]
    said = re.compile(r"page, metrics, health and results: http://[\d.]+:(\d+)")
    return listening(command, said, folder / "run.log")


def status(port: int, host: str, token: str | None = TOKEN) -> int:
    """What a client is answered that calls the run by this name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    headers = {"Host": host} | ({} if token is None else {"Authorization": f"Bearer {token}"})
    connection.request("GET", "/metrics", headers=headers)
    with closing(connection), connection.getresponse() as answer:
        assert answer.status != 200 or b"streamreg_rows_total" in answer.read()
        return answer.status


@pytest.mark.parametrize("job", [compose_job, kubernetes_job])
def test_a_job_answers_to_the_names_that_it_is_called_by(
    job: Callable[[], str], broker: EmbeddedBroker, topic: str, folder: Path
) -> None:
    """With the token, by each name of its file; not by another, and not without the token."""
    hosts = tomllib.loads(job())["listen"]["hosts"]
    with served(job(), broker, topic, folder) as port:
        found = {host: status(port, f"{host}:9464") for host in hosts}
        assert found == dict.fromkeys(hosts, 200)
        assert status(port, "other:9464") == 421
        assert status(port, f"{hosts[0]}:9464", None) == 401


def test_the_job_of_the_unit_writes_to_the_folder_of_its_state_alone(
    broker: EmbeddedBroker, topic: str, folder: Path
) -> None:
    """Its own folder is read-only there, as all but STATE_DIRECTORY."""
    own = folder / "etc"
    own.mkdir()
    with served(systemd_job(), broker, topic, folder, own) as port:
        assert status(port, "127.0.0.1") == 200
    assert [path.name for path in own.iterdir()] == ["job.toml"]
    assert {"state", "regression_output_stream.csv"} <= {path.name for path in folder.iterdir()}


def test_prometheus_scrapes_by_the_configuration_of_the_compose_file(
    broker: EmbeddedBroker, topic: str, folder: Path
) -> None:
    """A real one, with all of it but the place of the token and the name, which only compose resolves."""
    program = shutil.which("prometheus")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("a real Prometheus needs Debian's package prometheus")
        pytest.skip("a real Prometheus needs Debian's package prometheus")
    (folder / "token").write_text(TOKEN)
    shutil.copy(DEPLOY / "streamreg-rules.yml", folder)
    config = (DEPLOY / "prometheus-compose.yml").read_text(encoding="utf-8")
    with served(compose_job(), broker, topic, folder) as port:
        others = {
            "/run/secrets/streamreg-token": str(folder / "token"),
            "job:9464": f"127.0.0.1:{port}",
            "15s": "1s",
        }
        (folder / "prometheus.yml").write_text(put(config, **others), encoding="utf-8")
        command = [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            "--web.listen-address=127.0.0.1:0",
        ]
        said = re.compile(r"Listening on\S* address=\S+:(\d+).*Server is ready", re.S)
        with listening(command, said, folder / "prometheus.log") as own:

            def asked(path: str) -> Any:  # noqa: ANN401  # what JSON has
                with urlopen(f"http://127.0.0.1:{own}/api/v1/{path}", timeout=SECONDS) as answer:
                    return json.load(answer)["data"]

            def value() -> list[str]:
                query = "query?query=up{job='streamreg'}"
                return [found["value"][1] for found in asked(query)["result"]]

            wait_until(lambda: value() == ["1"], SECONDS, lambda: str(asked("targets")))
            assert len(asked("rules")["groups"]) == 1
