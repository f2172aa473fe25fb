"""A job on a real broker that listens: what Prometheus, a probe and a client see."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.numbered import row
from tests.support.process import wait_until

SECONDS = 60
ROWS = 3000


def asked(url: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers={"Authorization": "Bearer t0ken"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return 0, b""


def test_a_job_is_served(broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path) -> None:
    """Ready once the lag is known, with the rows of all partitions, the file's result, and who reads."""
    broker.create_topic(topic, 2)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = "\n".join(f'{k} = "{v}"' for k, v in broker.plaintext.items())
    (tmp_path / "job.toml").write_text(
        f"""
        [source]
        topic = "{topic}"
        header = ["x", "y"]
        autocommit_duration_ms = 100
        [source.kafka]
        {settings}
        [schema]
        x = "float"
        y = "float"
        [regression]
        target = "y"
        features = ["x"]
        [output]
        regression = "line.csv"
        [run]
        processes = 2
        [listen]
        address = "0.0.0.0:{port}"
        token = "${{SECRET}}"
        """
    )
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamreg", "run", "job.toml"],
            cwd=tmp_path,
            stderr=log,
            env={**os.environ, "SECRET": "t0ken"},
        )
    try:
        wait_until(lambda: asked(f"{url}/readyz")[0] == 200, SECONDS)
        for partition in range(2):
            produce(topic, [row(x) for x in range(partition, ROWS, 2)], partition=partition)

        def status() -> Any:  # noqa: ANN401  # what JSON has
            return json.loads(asked(f"{url}/v1/status")[1])

        wait_until(lambda: status()["rows"] == ROWS and status()["lag"] == 0, SECONDS)
        found = status()
        assert [each["offset"] for each in found["partitions"]] == [ROWS // 2, ROWS // 2]
        assert found["readers"] == {"0": "native", "1": "native"}
        assert set(found["memory_bytes"]) == {"parent", "server", "worker-0", "worker-1"}
        assert abs(found["unix"] - found["last_message"]) < SECONDS

        def same() -> bool:
            (shown,) = json.loads(asked(f"{url}/v1/tables/line")[1], parse_float=str)["rows"]
            last = (tmp_path / "line.csv").read_text().splitlines()[-1]
            return [shown["intercept"], shown["x"]] == last.split(",")[:2]

        wait_until(same, SECONDS)
        metrics = asked(f"{url}/metrics")[1].decode()
        assert f"streamreg_rows_total {ROWS}.0" in metrics
        assert f'streamreg_partition_lag_messages{{partition="1",topic="{topic}"}} 0.0' in metrics
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        assert asked(f"{url}/healthz")[0] == 0
        assert "t0ken" not in (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()
