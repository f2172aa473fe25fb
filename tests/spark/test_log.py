"""The log of a run on Spark is one of lines, whoever says something beside it: Spark's Java, and pyspark's warnings."""

import json
import subprocess
import sys
from pathlib import Path

from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.produce import send

JOB = """
[source]
topic = "points"
mode = "static"
[source.kafka]
bootstrap.servers = "{}"
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
[output]
regression = "out.csv"
"""


def test_all_lines_are_json(folder: Path) -> None:
    """Those of Java have a logger of their own."""
    with EmbeddedBroker() as broker:
        broker.create_topic("points")
        send(broker, "points", {0: [b"x,y", b"1,2", b"2,3"]})
        (folder / "job.toml").write_text(JOB.format(broker.bootstrap_servers))
        run = ["run", "job.toml", "--engine=spark", "--master=local[1]", "--log-format=json"]
        done = subprocess.run(
            [sys.executable, "-m", "streamreg", *run],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert "streamreg.spark" in {one["logger"] for one in found}
    assert found[-1]["event"] == "stop"
