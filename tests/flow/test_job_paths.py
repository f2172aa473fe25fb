"""Where the files of a job are, whatever directory it is run from, and how it starts over."""

import os
import re
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streamreg._cli import main
from streamreg._jobs import load_job
from streamreg._jobs.run_job import run_job
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._run.aside import aside
from streamreg._run.progress import Progress
from streamreg._state.store import Store

Capture = pytest.CaptureFixture[str]

JOB = """
[source]
topic = "TOPIC"
mode = "static"
header = ["x", "y"]
[source.kafka]
bootstrap.servers = "SERVERS"
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
[output]
regression = "fit.csv"
[run]
processes = 1
rejects = "rejects.jsonl"
"""


@pytest.fixture
def job(broker: EmbeddedBroker, topic: str, folder: Path) -> Path:
    """A job file in a folder below the current one, and three messages for it."""
    path = folder / "jobs" / "job.toml"
    path.parent.mkdir()
    path.write_text(JOB.replace("SERVERS", broker.bootstrap_servers).replace("TOPIC", topic))
    send(broker, topic, b"1,2", b"2,4", b"oops")
    return path


def send(broker: EmbeddedBroker, topic: str, *values: bytes) -> None:
    producer = Producer(broker.settings)
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(30) == 0
    producer.close()


def test_paths_start_at_the_folder_of_the_job_file(
    job: Path, topic: str, broker: EmbeddedBroker, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """State, outputs and rejects lie beside the file, and it goes on with them from wherever it is run."""
    elsewhere = job.parent / "elsewhere"
    elsewhere.mkdir()
    for number, (place, name) in enumerate(
        [
            (job.parent.parent, "jobs/job.toml"),
            (job.parent, "job.toml"),
            (elsewhere, "../job.toml"),
            (elsewhere, str(job)),
        ]
    ):
        monkeypatch.chdir(place)
        assert main(["run", name]) == 0
        assert main(["verify", name]) == 0
        assert f"rows: {2 + number}\n" in capsys.readouterr().out
        assert main(["doctor", name]) == 0
        send(broker, topic, b"3,7")
    assert {path.name for path in job.parent.iterdir()} == {
        "job.toml", "job.state", "fit.csv", "rejects.jsonl", "elsewhere",
    }  # fmt: skip
    assert not list(elsewhere.iterdir())
    assert (job.parent / "fit.csv").read_text().count("\n") == 8


def test_files_of_the_client_are_paths_too(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates lie beside the job file; what is no file of the client stays as it is."""
    text = job.read_text().replace(
        "[schema]",
        'ssl.ca.location = "ca.pem"\nssl.key.location = "/k.pem"\nclient.id = "a"\n[schema]',
    )
    job.write_text(text)
    monkeypatch.chdir(job.parent.parent)
    found = load_job(Path("jobs/job.toml")).source.kafka
    assert found["ssl.ca.location"] == "jobs/ca.pem"
    assert (found["ssl.key.location"], found["client.id"]) == ("/k.pem", "a")
    job.write_text(text.replace("ca.pem", "probe"))
    assert load_job(Path("jobs/job.toml")).source.kafka["ssl.ca.location"] == "probe"


def test_a_job_from_a_pipe_has_no_folder(job: Path) -> None:
    """Its paths start at the current directory: the folder of a pipe is nobody's."""
    reader, writer = os.pipe()
    try:
        os.write(writer, job.read_bytes())
        os.close(writer)
        assert load_job(Path(f"/dev/fd/{reader}")).output.regression == "fit.csv"
    finally:
        os.close(reader)


def test_an_old_state_in_the_current_directory_is_not_passed_over(
    job: Path, capsys: Capture
) -> None:
    """Where earlier versions have kept a state of the job, the run says so, and changes nothing; moved, it goes on."""
    here = Path("job.toml")
    here.write_text(job.read_text())
    assert main(["run", "job.toml"]) == 0
    here.unlink()
    for command in ("run", "verify", "doctor"):
        assert main([command, "jobs/job.toml"]) != 0
        out, err = capsys.readouterr()
        assert "job.state in the current directory is the state of this job" in out + err
        assert "Move the state and the outputs" in out + err
        assert {path.name for path in job.parent.iterdir()} == {"job.toml"}
    for name in ("job.state", "fit.csv", "rejects.jsonl"):
        Path(name).rename(job.parent / name)
    assert main(["run", "jobs/job.toml"]) == 0
    assert main(["verify", "jobs/job.toml"]) == 0
    assert "rows: 2\n" in capsys.readouterr().out


def test_the_state_of_another_job_in_the_current_directory_is_none_of_this_ones(
    job: Path,
) -> None:
    """Two jobs may have files of one name in two folders."""
    Path("job.toml").write_text(job.read_text().replace("fit.csv", "other.csv"))
    assert main(["run", "job.toml"]) == 0
    assert main(["run", "jobs/job.toml"]) == 0
    assert (job.parent / "job.state").is_dir()


def test_fresh_starts_over_and_deletes_nothing(
    job: Path, topic: str, broker: EmbeddedBroker, capsys: Capture
) -> None:
    """What was there keeps its bytes under a name with the time, and the new run reads everything again."""
    assert main(["run", "jobs/job.toml"]) == 0
    before = {name: (job.parent / name).read_bytes() for name in ("fit.csv", "rejects.jsonl")}
    send(broker, topic, b"3,7")
    for _ in range(2):  # Within one second too.
        assert main(["run", "jobs/job.toml", "--fresh"]) == 0
    err = capsys.readouterr().err
    assert err.count(" now\n") == 6
    assert main(["verify", "jobs/job.toml"]) == 0
    assert "rows: 3\n" in capsys.readouterr().out
    names = sorted(path.name for path in job.parent.iterdir())
    for name, old in before.items():
        stem, _, suffix = name.partition(".")
        moved = [n for n in names if re.fullmatch(rf"{stem}\.\d{{8}}T\d{{6}}Z(-2)?\.{suffix}", n)]
        assert len(moved) == 2
        assert old in [(job.parent / each).read_bytes() for each in moved]
    assert sum(name.endswith(".state") for name in names) == 3


def test_fresh_leaves_what_another_run_has(job: Path, capsys: Capture) -> None:
    """A state in use is refused, and every file stays."""
    assert main(["run", "jobs/job.toml"]) == 0
    names = sorted(job.parent.rglob("*"))
    with Store(job.parent / "job.state"):
        assert main(["run", "jobs/job.toml", "--fresh"]) == 1
    assert "another run uses it" in capsys.readouterr().err
    assert sorted(job.parent.rglob("*")) == names


def test_fresh_moves_all_or_nothing(
    job: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one cannot be moved, such as a mount point, those before it are moved back."""
    assert main(["run", "jobs/job.toml"]) == 0
    names = sorted(job.parent.rglob("*"))
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "job.state":
            raise OSError(16, "Device or resource busy")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    assert main(["run", "jobs/job.toml", "--fresh"]) == 1
    assert "cannot be moved aside" in capsys.readouterr().err
    assert sorted(job.parent.rglob("*")) == names


def test_names_aside_are_free(folder: Path) -> None:
    """Of several files all get the same mark, one that nothing has."""
    first = aside([folder / "a.csv", folder / "b"])
    first[folder / "b"].touch()
    second = aside([folder / "a.csv", folder / "b"])
    assert not {*first.values()} & {*second.values()}
    assert all(path.parent == folder for path in second.values())


def test_doctor_and_inspect_know_a_changed_job(job: Path, topic: str, capsys: Capture) -> None:
    """Doctor says what the run will do, and touches nothing; after the run inspect says where the change was."""
    assert main(["run", "jobs/job.toml"]) == 0
    text = job.read_text().replace("features = [", 'statistics = ["n"]\nfeatures = [')
    job.write_text(text.replace("[output]\n", '[output]\ninput = "rows.csv"\n'))
    before = {path: path.read_bytes() for path in job.parent.rglob("*.csv")}
    capsys.readouterr()
    assert main(["doctor", "jobs/job.toml"]) == 0
    out = capsys.readouterr().out
    assert "the job was changed: jobs/rows.csv begins with the rows from now on" in out
    assert "the job was changed: jobs/fit.csv has other columns, and begins anew" in out
    assert {path: path.read_bytes() for path in job.parent.rglob("*.csv")} == before
    assert main(["run", "jobs/job.toml"]) == 0
    capsys.readouterr()
    assert main(["inspect", "jobs/job.state"]) == 0
    assert "job changed at offset 3 of 0, " in (out := capsys.readouterr().out)
    assert "jobs/rows.csv begins" in out
    assert main(["verify", "jobs/job.toml"]) == 0


def test_verify_from_elsewhere_goes_beside_a_run(
    job: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files have other names there, and the run has them locked: they are known by their bytes."""
    monkeypatch.chdir(job.parent)
    job.write_text(job.read_text().replace('mode = "static"', 'mode = "streaming"'))
    codes: list[int] = []

    def look(progress: Progress) -> bool:
        if progress.rows >= 2 and not codes:
            with monkeypatch.context() as patch:
                patch.chdir(folder)
                codes.append(main(["verify", "jobs/job.toml"]))
        return bool(codes)

    run_job(load_job(Path("job.toml")), stop=look)
    assert codes == [0]
