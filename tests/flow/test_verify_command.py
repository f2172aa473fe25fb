"""The commands around a state, on the embedded broker: run, inspect, verify."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streamreg._cli import main
from streamreg._jobs import load_job
from streamreg._jobs.run_job import run_job
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._run.progress import Progress
from streamreg._sinks.csv_file import CsvFile

Capture = pytest.CaptureFixture[str]

JOB = """
[source]
topic = "points"
mode = "static"
[source.kafka]
bootstrap.servers = "${SERVERS}"
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
[output]
regression = "fit.csv"
input = "rows.csv"
[run]
processes = 1
rejects = "rejects.jsonl"
"""


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedBroker]:
    """A broker with the topic, and a job file for it in the current directory."""
    monkeypatch.chdir(tmp_path)
    Path("job.toml").write_text(JOB)
    with EmbeddedBroker() as broker:
        monkeypatch.setenv("SERVERS", broker.bootstrap_servers)
        broker.create_topic("points")
        yield broker


def send(broker: EmbeddedBroker, *values: bytes) -> None:
    """All to the first partition."""
    producer = Producer(broker.settings)
    for value in values:
        producer.produce("points", value, partition=0)
    assert producer.flush(30) == 0
    producer.close()


def test_a_job_is_run_continued_and_verified(broker: EmbeddedBroker, capsys: Capture) -> None:
    """By default a job keeps a state, goes on from it, and is equal to its topic each time."""
    send(broker, b"x,y", b"1,2", b"2,4.5", b"oops")
    for rows in (2, 3):
        assert main(["run", "job.toml"]) == 0
        assert main(["verify", "job.toml"]) == 0
        out, err = capsys.readouterr()
        assert err.endswith("streamreg: equal\n")
        assert f"ok         rows: {rows}\n" in out
        send(broker, b"3,6")
    assert Path("rows.csv").read_text() == "x,y,time,diff\n1.0,2.0,0,1\n2.0,4.5,0,1\n3.0,6.0,1,1\n"
    assert main(["inspect", "job.state"]) == 0
    assert "partition   0: offset 5, read from 0" in capsys.readouterr().out


def test_a_difference_is_code_1_and_named_last(broker: EmbeddedBroker, capsys: Capture) -> None:
    """All comparisons are shown, and the first difference stands on the last line."""
    send(broker, b"x,y", b"1,2", b"2,4.5")
    assert main(["run", "job.toml"]) == 0
    Path("rows.csv").write_text("x,y,time,diff\n1.0,2.0,0,1\n2.0,4.4,0,1\n")
    capsys.readouterr()
    assert main(["verify", "job.toml"]) == 1
    out, err = capsys.readouterr()
    (line,) = (line for line in out.splitlines() if not line.startswith("ok  "))
    assert line.startswith("DIFFERENT  rows.csv, its rows: 2 written, 2 from the topic: ")
    assert err == f"streamreg: different: {line.removeprefix('DIFFERENT  ')}\n"


def test_an_output_that_cannot_be_read_back_is_no_success(
    broker: EmbeddedBroker, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not compared is named last, and the code is not that of equal."""
    send(broker, b"x,y", b"1,2", b"2,4.5")
    assert main(["run", "job.toml"]) == 0
    read_back = CsvFile.read_back
    monkeypatch.setattr(
        CsvFile,
        "read_back",
        lambda file, *given: None if file.name == "rows.csv" else read_back(file, *given),
    )
    capsys.readouterr()
    assert main(["verify", "job.toml"]) == 2
    out, err = capsys.readouterr()
    assert "unknown    rows.csv, its rows: not compared: " in out
    assert "DIFFERENT" not in out
    assert err == "streamreg: not compared: rows.csv, its rows; all else is equal\n"


def test_the_state_is_where_the_job_file_says(broker: EmbeddedBroker, capsys: Capture) -> None:
    """A directory of one's own, a durability, and no state at all."""
    send(broker, b"x,y", b"1,2")
    Path("own.toml").write_text(JOB + '[state]\ndirectory = "a/b"\ndurability = "power"\n')
    assert main(["run", "own.toml"]) == 0
    assert main(["verify", "own.toml"]) == 0
    assert sorted(os.listdir()) == [
        "a",
        "fit.csv",
        "job.toml",
        "own.toml",
        "rejects.jsonl",
        "rows.csv",
    ]
    Path("none.toml").write_text(JOB + "[state]\ndirectory = false\n")
    capsys.readouterr()
    assert main(["run", "none.toml"]) == 1
    assert "there is no state to continue it from" in capsys.readouterr().err
    assert main(["verify", "none.toml"]) == 2
    assert "none.toml: state.directory: is false" in capsys.readouterr().err


def test_what_cannot_be_compared_is_code_2(broker: EmbeddedBroker, capsys: Capture) -> None:
    """No state yet, a job that has changed, a damaged state, and messages that the broker has deleted."""
    send(broker, b"x,y", b"1,2")
    assert main(["verify", "job.toml"]) == 2
    assert "state job.state: there is none" in capsys.readouterr().err
    assert not Path("job.state").exists()
    assert main(["run", "job.toml"]) == 0
    job = Path("job.toml")
    job.write_text(JOB.replace('"rows.csv"', '"other.csv"'))
    capsys.readouterr()
    assert main(["verify", "job.toml"]) == 2
    assert "other.csv begins with the rows from now on" in (err := capsys.readouterr().err)
    assert "Run it first" in err
    job.write_text(JOB)
    # The embedded broker keeps the last five megabytes of a partition.
    send(broker, *[b"1," + b"0" * 100_000] * 80)
    capsys.readouterr()
    assert main(["verify", "job.toml"]) == 2
    err = capsys.readouterr().err
    assert "topic 'points', partition 0: cannot be verified: the run read from offset 0" in err
    database = Path("job.state", "checkpoint.sqlite")
    held = bytearray(database.read_bytes())
    held[held.index(b'"rows":1')] ^= 1
    database.write_bytes(held)
    assert main(["verify", "job.toml"]) == 2
    assert "state job.state is damaged" in capsys.readouterr().err


def test_verify_goes_beside_a_run(broker: EmbeddedBroker) -> None:
    """While a run reads on, what it has closed can be verified as often as one likes."""
    send(broker, b"x,y", b"1,2")
    job = Path("job.toml")
    job.write_text(JOB.replace('mode = "static"', "autocommit_duration_ms = 0"))
    seen: dict[int, int] = {}

    def look(progress: Progress) -> bool:
        if progress.rows and progress.rows not in seen:
            seen[progress.rows] = main(["verify", "job.toml"])
            send(broker, b"%d,7" % len(seen))
        return len(seen) == 3

    run_job(load_job(job), stop=look)
    assert seen == {1: 0, 2: 0, 3: 0}
