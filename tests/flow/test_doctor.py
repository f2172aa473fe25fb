"""`streamreg doctor` on a broker that lets everyone in, on none, and on what a run finds on the disk."""

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from streamreg._cli import main
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._state.store import Store
from tests.support.doctor import failure, findings, job_file, of_outputs
from tests.support.produce import send

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port that takes connections, on which nobody speaks Kafka."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        yield port


def settings(broker: EmbeddedBroker, **more: str) -> dict[str, object]:
    return {**broker.settings, **more}


def test_all_is_well(broker: EmbeddedBroker, topic: str, capsys: Capture) -> None:
    """A job that can run has no failure, before its first run and after it; and nothing is left behind."""
    send(broker, topic, {0: [b"y,x", b"1,2"]})
    path = job_file(settings(broker), topic, more='[run]\nrejects = "rejects.jsonl"')
    assert main(["doctor", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4].strip() for line in lines].count("ok") == 12
    assert lines[0] == "ok    job file    job.toml is valid"
    assert os.listdir() == ["job.toml"]
    found = findings(path)
    assert found["header"].text == "the columns are y, x"
    assert found["reader"].text == "natively"
    assert found["partitions"].text == "4 partitions, offsets of 2 messages"
    assert found["state"].text.startswith("job.state: the run begins anew; ")
    assert main(["run", str(path)]) == 0
    assert main(["doctor", str(path)]) == 0
    after = findings(path)
    assert after["header"].text == "the columns are y, x, as the state remembers"
    assert after["state"].text.startswith("job.state: the run goes on after 1 row; ")


def test_a_bad_job_file_is_the_only_line_that_counts(capsys: Capture) -> None:
    """All that is wrong with the file is said in one line, and nothing else is looked at."""
    path = job_file({"no.such": "setting"}, "t")
    line = failure(path)
    assert line.check == "job file"
    assert "bootstrap.servers: missing" in line.text
    assert {found.status for found in findings(path).values()} == {"FAIL", "skip"}
    assert main(["doctor", "nowhere.toml"]) == 1
    assert "nowhere.toml: cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("servers", "check", "words"),
    [
        ("no-such-host.invalid:9092", "address", "no-such-host.invalid does not resolve"),
        ("127.0.0.1:99999", "address", "is no host:port"),
        ("127.0.0.1:1", "tcp", "127.0.0.1:1: Connection refused"),
    ],
)
def test_a_wrong_address(servers: str, check: str, words: str) -> None:
    """A name or a port that leads nowhere is told from the others, with the setting to change."""
    found = failure(job_file({"bootstrap.servers": servers}, "t"))
    assert found.check == check
    assert words in found.text
    assert "bootstrap.servers" in found.text


def test_one_of_many_addresses_may_be_wrong(broker: EmbeddedBroker, topic: str) -> None:
    """It is said, but a run can do without it."""
    servers = f"no-such-host.invalid:9092, {broker.bootstrap_servers}"
    found = findings(job_file({"bootstrap.servers": servers}, topic))
    assert "no-such-host.invalid does not resolve" in found["address"].text
    assert {line.status for line in found.values()} == {"ok", "skip"}


def test_something_else_listens_there(deaf: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which nobody answers is no broker; TLS finds none either."""
    monkeypatch.setattr("streamreg._operate.doctor.network._SECONDS", 0.2)
    monkeypatch.setattr("streamreg._operate.doctor.broker._SECONDS", 0.5)
    servers = {"bootstrap.servers": f"127.0.0.1:{deaf}"}
    found = failure(job_file(servers, "t"))
    assert found.check == "metadata"
    assert "check bootstrap.servers and security.protocol" in found.text
    found = failure(job_file({**servers, "security.protocol": "ssl"}, "t"))
    assert found.check == "tls"
    assert "check the port in bootstrap.servers" in found.text


def test_where_the_run_is_served(broker: EmbeddedBroker, topic: str) -> None:
    """The port is free, or it is said which setting names another, but where the job's own run has it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        path = job_file(settings(broker), topic, more=f'[listen]\naddress = "{address}"')
        found = failure(path)
        assert (found.check, found.text.startswith(f"listen: {address}: ")) == ("listen", True)
        assert "give another address or port" in found.text
        with Store(Path("job.state")):
            assert failure(path).check == "state"
            found = findings(path)["listen"]
            said = f"{address} is in use, as the state is: by the job's own run"
            assert (found.status, found.text) == ("skip", said)
        assert failure(path).check == "listen"
    found = findings(path)["listen"]
    assert (found.status, found.text) == ("ok", f"{address} is free; without a token")


EVENT = b'{"op": "c", "after": %b}'


@pytest.mark.parametrize(
    ("messages", "source", "status", "words"),
    [
        ([], "", "skip", "the first must be the header 'x,y'"),
        ([b"1,2"], "", "FAIL", "has no header"),
        ([b"1,2"], 'header = ["x", "y"]', "ok", "fits the schema"),
        ([b"1,a"], 'header = ["x", "y"]', "FAIL", "invalid-number in column y"),
        ([], 'format = "json"', "skip", "no message yet"),
        ([b'{"x": 1, "y": 2}'], 'format = "json"', "ok", "fits the schema"),
        ([b'{"x": 1}'], 'format = "json"', "FAIL", "missing-field in column y"),
        ([EVENT % b'{"x": 1, "y": 2}'], 'format = "debezium"', "ok", "fits the schema"),
        ([EVENT % b'{"x": 1}'], 'format = "debezium"', "FAIL", "missing-field in column y"),
        ([b'{"x": 1, "y": 2}'], 'format = "debezium"', "FAIL", "missing-field: op"),
        ([b'{"op": "d"}'], 'format = "debezium"', "skip", "no message yet"),
    ],
)
def test_what_the_topic_begins_with(
    broker: EmbeddedBroker, topic: str, messages: list[bytes], source: str, status: str, words: str
) -> None:
    """The header, or where there is none a first message, is held against the schema."""
    send(broker, topic, {1: messages})
    found = findings(job_file(settings(broker), topic, source=source))["header"]
    assert found.status == status
    assert words in found.text


def test_the_group_of_a_broker_that_does_not_tell(broker: EmbeddedBroker, topic: str) -> None:
    """What cannot be looked at is skipped, not failed."""
    found = findings(job_file(settings(broker, **{"group.id": "g"}), topic))["group"]
    assert (found.status, found.text) == ("skip", "the broker does not describe groups")


def test_an_output_that_cannot_be_written(broker: EmbeddedBroker, topic: str) -> None:
    """No directory, no right to write, no room, a file of somebody else's: each has its line."""
    line = failure(job_file(settings(broker), topic, output="no/where/out.csv"))
    assert line.check == "outputs"
    assert "there is no directory" in line.text
    assert "output.regression" in line.text
    Path("mine.csv").write_text("mine")
    line = failure(job_file(settings(broker), topic, output="mine.csv"))
    assert line.check == "outputs"
    assert "mine.csv exists" in line.text
    Path("sealed").mkdir(mode=0o500)
    if not os.access("sealed", os.W_OK):  # root may write anywhere
        line = failure(job_file(settings(broker), topic, output="sealed/out.csv"))
        assert "cannot be written" in line.text


def test_each_output_has_its_line(broker: EmbeddedBroker, topic: str, folder: Path) -> None:
    """Those that are well are named too, and of several that are not each says why; so do the rejects."""
    Path("mine.csv").write_text("mine")
    Path("linked").symlink_to(folder)
    Path("no.db").write_text("no database " * 100)
    text = job_file(settings(broker), topic).read_text().partition("[output]")[0]
    text += '[[output]]\nsink = "csv"\npath = "mine.csv"\n'
    text += '[[output]]\nsink = "csv"\npath = "well.csv"\n'
    text += '[[output]]\nsink = "sqlite"\npath = "no.db"\ntable = "line"\n'
    text += '[[output]]\nsink = "sqlite"\npath = "no/where.db"\ntable = "line"\n'
    path = folder / "job.toml"
    path.write_text(text + '[run]\nrejects = "linked/well.csv"\n')
    mine, well, broken, nowhere, rejects = of_outputs(path)
    assert mine.startswith(f"FAIL {folder}/mine.csv exists")
    assert well.startswith(f"ok {folder}/well.csv: can be written; ")
    assert broken.startswith(f"FAIL {folder}/no.db:line: the file is no SQLite database")
    assert nowhere.startswith(f"FAIL {folder}/no/where.db:line: there is no directory")
    assert nowhere.endswith("change output.4.path")
    assert "two names of one file" in rejects


def test_a_full_disk(broker: EmbeddedBroker, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room is said before a run finds out."""
    monkeypatch.setattr("streamreg._operate.doctor.disk._LEAST_FREE", 1 << 60)
    found = findings(job_file(settings(broker), topic))["state"]
    assert found.status == "FAIL"
    assert "make room, or change state.directory" in found.text


def test_a_state_that_cannot_be_gone_on_from(broker: EmbeddedBroker, topic: str) -> None:
    """In use, of another job, damaged: the error that the run would end with is the line."""
    send(broker, topic, {0: [b"x,y", b"1,2"]})
    path = job_file(settings(broker), topic)
    assert main(["run", str(path)]) == 0
    with Store(Path("job.state")):
        found = findings(path)
        assert "another run uses it" in found["state"].text
        assert found["outputs"].text == "out.csv: state first"
    line = failure(job_file(settings(broker), topic, more='time = "unix_ms"'))
    assert line.check == "state"
    assert "another job" in line.text
    database = Path("job.state/checkpoint.sqlite")
    data = bytearray(database.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    database.write_bytes(data)
    line = failure(job_file(settings(broker), topic))
    assert line.check == "state"
    assert "damaged" in line.text


def test_messages_that_the_topic_has_lost(broker: EmbeddedBroker, topic: str) -> None:
    """A state that goes on where the topic has nothing any more is found before the run."""
    send(broker, topic, {0: [b"x,y", b"1,2"]})
    path = job_file(settings(broker), topic)
    assert main(["run", str(path)]) == 0
    with EmbeddedBroker() as other:
        other.create_topic(topic)
        line = failure(job_file(settings(other), topic))
    assert line.check == "state"
    assert "the state goes on at offset 2" in line.text


def test_no_line_holds_a_secret(capsys: Capture) -> None:
    """A password that ended up in another setting is not shown either."""
    secret = "hunter2-hunter2"
    servers = {"bootstrap.servers": f"{secret}.invalid:1", "sasl.password": secret}
    assert main(["doctor", str(job_file(servers, "t"))]) == 1
    out, err = capsys.readouterr()
    assert secret not in out + err
    assert "********.invalid does not resolve" in out


def test_a_table_of_a_database(
    broker: EmbeddedBroker, topic: str, folder: Path, capsys: Capture
) -> None:
    """A job that writes to one is examined, run and verified; what does not fit there is told before."""
    send(broker, topic, {0: [b"y,x", b"1,2", b"3,3"]})
    text = job_file(settings(broker), topic).read_text()
    tables = '[[output]]\nsink = "sqlite"\npath = "out.db"\ntable = "line"\nmode = "current"\n'
    tables += '[[output]]\nsink = "sqlite"\npath = "out.db"\ntable = "rows"\nof = "input"\n'
    path = folder / "job.toml"
    path.write_text(text.partition("[output]")[0] + tables)
    with closing(sqlite3.connect("out.db")) as database:
        database.execute("CREATE TABLE line (x TEXT, intercept REAL)")
    line = failure(path)
    assert (line.check, "column 'x' is TEXT" in line.text) == ("outputs", True)
    Path("out.db").unlink()
    assert all(" can be written; " in line for line in of_outputs(path))
    assert os.listdir() == ["job.toml"]
    assert main(["run", str(path)]) == 0
    assert main(["doctor", str(path)]) == 0
    assert main(["verify", str(path)]) == 0
    assert (
        f"{folder}/out.db:rows, its rows: the same 2; up to the time 0" in capsys.readouterr().out
    )
    with closing(sqlite3.connect("out.db")) as database:
        assert database.execute("SELECT intercept, x FROM line").fetchall() == [(-3.0, 2.0)]
