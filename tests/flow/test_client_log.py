"""The client's log: shown to those who ask for it, in the form of all other lines, whichever process it is of."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.produce import send

SECONDS = 60
OF_A_READER = "Topic {topic} [0] Leader"
"""What the client of a reader logs, and no other one: readers alone follow the ids of topics."""

PROGRAM = """
import json, logging, sys
import streamreg as sr
class Point(sr.Schema):
    x: float
    y: float
settings, topic, configured = json.loads(sys.argv[1])
if configured:
    logging.basicConfig(format="-- %(name)s %(message)s")
t = sr.io.kafka.read(settings, topic, schema=Point, mode="static", reader="client")
sr.io.csv.write(t, "in.csv")
sr.run(processes=1)
"""


@pytest.fixture
def filled(broker: EmbeddedBroker, topic: str) -> str:
    send(broker, topic, {0: [b"x,y", b"1,2"]})
    return topic


def said(broker: EmbeddedBroker, topic: str, client: str, *options: str) -> list[str]:
    """What a run of the command line with one worker logs."""
    Path("job.toml").write_text(
        f'[source]\ntopic = "{topic}"\nmode = "static"\nreader = "client"\n[source.kafka]\n{client}\n'
        f'bootstrap.servers = "{broker.bootstrap_servers}"\n[schema]\nx = "float"\ny = "float"\n'
        '[regression]\ntarget = "y"\nfeatures = ["x"]\n[output]\nregression = "out.csv"\n'
    )
    return stderr_of("-m", "streamreg", "run", "job.toml", "--processes", "1", *options)


def stderr_of(*arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("client", "options"),
    [
        ('debug = "broker"', []),
        ('log_level = "7"', []),
        ("", ["--debug"]),
        ("", ["--log-level=debug"]),
    ],
)
def test_every_line_is_an_object(
    folder: Path, broker: EmbeddedBroker, filled: str, client: str, options: list[str]
) -> None:
    """Those of a worker's client too, whoever has asked for them."""
    found = [
        json.loads(line) for line in said(broker, filled, client, "--log-format=json", *options)
    ]
    of_client = [one for one in found if one["logger"] == "streamreg.librdkafka"]
    assert any(OF_A_READER.format(topic=filled) in one["message"] for one in of_client)
    assert "debug" in {one["level"] for one in of_client}


def test_nobody_sees_it_who_does_not_ask(folder: Path, broker: EmbeddedBroker, filled: str) -> None:
    """A log of a run whose client has nothing to say from the level on that is asked for."""
    lines = said(broker, filled, 'log_level = "3"', "--log-format=json")
    assert lines
    assert {json.loads(line)["logger"] for line in lines} <= {"streamreg", "streamreg.run"}


@pytest.mark.parametrize("configured", [False, True])
def test_a_program_sees_what_its_settings_ask_for(
    folder: Path, broker: EmbeddedBroker, filled: str, configured: bool
) -> None:
    """By its own handlers, or where it has none as the client writes it."""
    settings = {**broker.settings, "debug": "broker"}
    lines = stderr_of("-c", PROGRAM, json.dumps([settings, filled, configured]))
    of_readers = [line for line in lines if OF_A_READER.format(topic=filled) in line]
    assert of_readers
    begin = "-- streamreg.librdkafka METADATA [" if configured else "METADATA ["
    assert all(line.startswith(begin) for line in of_readers)
