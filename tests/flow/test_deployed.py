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


def page_job() -> str:
    """That of the page about services, for the unit; here it listens, too."""
    (job,) = document(ROOT / "docs/how-to/service.md").jobs
    return job + '[listen]\naddress = "127.0.0.1:9464"\n'


def put(text: str, **others: str) -> str:
    """A text with others in the place of those that it must have."""
    for wanted, other in others.items():
        assert wanted in text
        text = text.replace(wanted, other)
    return text


@pytest.fixture
def job_in(broker: EmbeddedBroker, topic: str, folder: Path) -> Callable[[str, Path], Path]:
    """Writes a job to a folder: of an empty topic, on a port that is free, with this test's folder as /data."""

    def written(text: str, where: Path) -> Path:
        text = put(text, **{'"linear-regression"': f'"{topic}"'})
        text = text.replace("/data", str(folder)).replace(":9464", ":0")
        servers = f'bootstrap.servers = "{broker.bootstrap_servers}"'
        path = where / "job.toml"
        path.write_text(re.sub(r"^bootstrap\.servers.*", servers, text, flags=re.M))
        return path

    return written


@contextmanager
def listening(command: Sequence[str], said: str, log: Path, **environment: str) -> Iterator[int]:
    """Runs a program that says in its log where it listens; gives the port. SIGTERM ends it, well."""
    with log.open("w") as lines:
        process = subprocess.Popen(
            command, stdout=lines, stderr=lines, env={**os.environ, **environment}
        )
    found: list[re.Match[str]] = []

    def is_told() -> bool:
        assert process.poll() is None, log.read_text()
        found.extend(re.finditer(said, log.read_text(), re.S))
        return bool(found)

    try:
        wait_until(is_told, SECONDS, log.read_text)
        yield int(found[0][1])
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def served(*arguments: str, **environment: str) -> AbstractContextManager[int]:
    """Runs the command line."""
    said = r"page, metrics, health and results: http://[\d.]+:(\d+)"
    command = [sys.executable, "-m", "streamreg", *arguments]
    return listening(command, said, Path("run.log"), STREAMREG_PROCESSES="1", **environment)


def status(port: int, host: str, token: str | None = TOKEN) -> int:
    """What a client is answered that calls the run by this name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    headers = {"Host": host} | ({} if token is None else {"Authorization": f"Bearer {token}"})
    connection.request("GET", "/metrics", headers=headers)
    with closing(connection), connection.getresponse() as answer:
        assert answer.status != 200 or b"streamreg_run_info" in answer.read()
        return answer.status


@pytest.mark.parametrize("job", [compose_job, kubernetes_job])
def test_a_job_answers_to_the_names_that_it_is_called_by(
    job: Callable[[], str], job_in: Callable[[str, Path], Path], folder: Path
) -> None:
    """With the token, by each name of its file; not by another, and not without the token."""
    hosts = tomllib.loads(job())["listen"]["hosts"]
    with served("run", str(job_in(job(), folder)), STREAMREG_TOKEN=TOKEN) as port:
        found = {host: status(port, f"{host}:9464") for host in hosts}
        assert found == dict.fromkeys(hosts, 200)
        assert status(port, "other:9464") == 421
        assert status(port, f"{hosts[0]}:9464", None) == 401


def test_the_job_of_the_unit_writes_to_the_folder_of_its_state_alone(
    job_in: Callable[[str, Path], Path], folder: Path
) -> None:
    """The job's own folder is read-only there, as all is but STATE_DIRECTORY."""
    etc, state = folder / "etc", folder / "var"
    etc.mkdir()
    state.mkdir()
    with served("run", str(job_in(page_job(), etc)), STATE_DIRECTORY=str(state)) as port:
        assert status(port, "127.0.0.1", None) == 200
    assert [path.name for path in etc.iterdir()] == ["job.toml"]
    written = {path.name for path in state.iterdir()}
    assert {"state", "regression_output_stream.csv"} <= written


def test_the_image_is_well_by_its_own_command(
    job_in: Callable[[str, Path], Path], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command runs with a job alone, without a token; its health check finds it, and nothing when it has ended."""
    monkeypatch.delenv("STREAMREG_TOKEN", raising=False)
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    (command,) = re.findall(r"^CMD (\[.*\])$", text, re.M)
    (check,) = re.findall(r"^HEALTHCHECK .*\\\n +CMD (\[.*\])$", text, re.M)
    job = job_in(page_job().partition("[listen]")[0], folder)
    command = put(command, **{"/data/job.toml": str(job), ":9464": ":0"})
    python, *asks = json.loads(check)
    assert python == "python"

    def health(port: int) -> int:
        (*options, program) = asks
        asked = [sys.executable, *options, put(program, **{":9464": f":{port}"})]
        return subprocess.run(asked, stderr=subprocess.DEVNULL, check=False).returncode

    with served(*json.loads(command), STATE_DIRECTORY=str(folder)) as port:
        assert health(port) == 0
    assert health(port) == 1


def test_prometheus_scrapes_by_the_configuration_of_the_compose_file(
    job_in: Callable[[str, Path], Path], folder: Path
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
    with served("run", str(job_in(compose_job(), folder)), STREAMREG_TOKEN=TOKEN) as port:
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
        said = r"Listening on\S* address=\S+:(\d+).*Server is ready"
        with listening(command, said, folder / "prometheus.log") as own:

            def asked(path: str) -> Any:  # noqa: ANN401  # what JSON has
                with urlopen(f"http://127.0.0.1:{own}/api/v1/{path}", timeout=SECONDS) as answer:
                    return json.load(answer)["data"]

            def value() -> list[str]:
                query = "query?query=up{job='streamreg'}"
                return [found["value"][1] for found in asked(query)["result"]]

            wait_until(lambda: value() == ["1"], SECONDS, lambda: str(asked("targets")))
            assert len(asked("rules")["groups"]) == 1
