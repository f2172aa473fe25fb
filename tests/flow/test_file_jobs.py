"""Job files that read files: run, inspected, verified and looked over by the doctor."""

import json
import os
from pathlib import Path

import pytest

from streamreg._cli import main
from tests.support.changelog import rejects, result
from tests.support.followed_files import put, texts
from tests.support.kafka.oracle import line
from tests.support.numbered import y_of

JOB = """
[source]
path = {path}
mode = "static"
{more}
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
[output]
regression = "line.csv"
[run]
rejects = "rejects.jsonl"
"""


def job(folder: Path, path: str = '"*.csv"', more: str = "") -> Path:
    """A job file in a folder of its own."""
    (folder / "job").mkdir(exist_ok=True)
    file = folder / "job" / "job.toml"
    file.write_text(JOB.format(path=path, more=more).replace('"*.csv"', '"data/*.csv"'))
    (folder / "job" / "data").mkdir(exist_ok=True)
    return file


def test_a_job_over_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Paths start at the job's folder, wherever it is run from; what it leaves is said with the files' names."""
    file = job(folder)
    paths = put(file.parent / "data", texts(60, 2))
    with paths[1].open("ab") as more:
        more.write(b"no,number\n")
    assert main(["run", str(file), "--processes", "1"]) == 0
    xs = [float(x) for x in range(60)]
    exact = line(xs, [y_of(int(x)) for x in xs])
    assert result(file.parent / "line.csv", "intercept", "x") == tuple(map(repr, exact))
    [reject] = rejects(file.parent / "rejects.jsonl")
    assert (reject["file"], reject["reason"]) == ("data/1.csv", "invalid-number")
    text = paths[1].read_bytes()
    assert text[reject["offset"] :].startswith(b"no,number")

    os.chdir(file.parent)
    assert main(["run", "job.toml", "--processes", "1"]) == 0
    capsys.readouterr()
    assert main(["verify", "job.toml"]) == 0
    said = capsys.readouterr().out
    size = sum(path.stat().st_size for path in paths)
    assert f"ok         files: {size:,} offsets of 2 files read anew" in said
    assert "ok         rows: 60" in said
    assert main(["inspect", "job.state", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["file"], one["offset"]) for one in found["partitions"]] == [
        (f"data/{path.name}", path.stat().st_size) for path in paths
    ]
    assert main(["inspect", "job.state"]) == 0
    said = capsys.readouterr().out
    assert "files       data/*.csv, csv\n" in said
    assert f"read        data/0.csv: up to byte {paths[0].stat().st_size:,}" in said
    assert main(["replay-rejects", "rejects.jsonl", "--dry-run"]) == 0
    assert "1 message, of which 1 would be sent (invalid-number 1)" in capsys.readouterr().out


def test_verify_finds_another_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was read is compared before anything else is."""
    file = job(folder)
    paths = put(file.parent / "data", texts(60, 2))
    assert main(["run", str(file), "--processes", "1"]) == 0
    paths[0].write_bytes(paths[0].read_bytes().replace(b"\n4,", b"\n5,"))
    assert main(["verify", str(file)]) != 0
    said = capsys.readouterr()
    assert "file 'data/0.csv' is not the one that was read" in said.out + said.err


def test_the_doctor_looks_at_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each check has its line; those of a broker are skipped."""
    file = job(folder, '["data/0.csv", "data/1.csv"]')
    put(file.parent / "data", texts(60, 2))
    assert main(["doctor", str(file)]) == 0
    said = capsys.readouterr().out
    assert "ok    topic       2 files: data/0.csv, data/1.csv" in said
    assert "ok    header      file 'data/0.csv': the columns are x, y" in said
    assert "skip  metadata    files are read, and no topic" in said
    assert main(["run", str(file), "--processes", "1"]) == 0
    assert main(["doctor", str(file)]) == 0
    assert "ok    read        what was read of them is still there" in capsys.readouterr().out
    (file.parent / "data" / "1.csv").unlink()
    assert main(["doctor", str(file)]) != 0
    assert "FAIL  partitions  file 'data/1.csv' cannot be read" in capsys.readouterr().out


def test_the_name_of_a_file_writes_no_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever may put a file into the folder neither moves a cursor nor forges a line, whatever the command."""
    file = job(folder)
    [path] = put(file.parent / "data", texts(60, 1))
    named = path.rename(path.parent / "\x1b[2J\nok         rows: forged.csv")
    with named.open("ab") as more:
        more.write(b"no,number\n")
    commands = (
        ["doctor", str(file)],
        ["run", str(file), "--processes", "1"],
        ["doctor", str(file)],
        ["verify", str(file)],
        ["inspect", str(file.parent / "job.state")],
    )
    for command in commands:
        assert main(command) == 0
    for command in (["replay-rejects", str(named), "--dry-run"], ["inspect", str(named)]):
        assert main(command) != 0
    said = capsys.readouterr()
    lines = [*said.out.split("\n"), *said.err.split("\n")]
    assert r"read        data/\x1b[2J\nok         rows: forged.csv: up to byte " in said.out
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("ok         rows: forged") for line in lines)
    assert main(["--debug", "inspect", str(named)]) != 0
    assert "\x1b" not in capsys.readouterr().err


def test_the_doctor_finds_an_output_that_would_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pattern that matches the job's own file."""
    file = job(folder, '"**/*.csv"')
    put(file.parent / "data", texts(60, 2))
    assert main(["doctor", str(file)]) != 0
    assert "line.csv is one of the files that are read" in capsys.readouterr().out


def test_json_in_a_job(folder: Path) -> None:
    """An object a line, by the options of JSON."""
    file = job(
        folder, more='format = "json"\nnumbers_in_strings = true\njson_field_paths = { y = "/p/y" }'
    )
    lines = [b'{"x": "%d", "p": {"y": %d}}' % (x, 2 * x) for x in range(9)]
    put(file.parent / "data", [b"\n".join(lines)])
    assert main(["run", str(file), "--processes", "1"]) == 0
    assert result(file.parent / "line.csv", "intercept", "x") == ("0.0", "2.0")


@pytest.mark.parametrize(
    ("path", "more", "text"),
    [
        ('"a.csv"', 'topic = "t"', "source.topic: of a topic, not of files"),
        (
            '"a.csv"',
            'kafka = { bootstrap.servers = "x" }',
            "source.kafka: of a topic, not of files",
        ),
        ('"a.csv"', 'format = "debezium"', "source.format: expected one of"),
        (
            '"a.csv"',
            "numbers_in_strings = true",
            'source.numbers_in_strings: for format "json" alone',
        ),
        ("[]", "", "source.path: expected at least one string"),
        ("7", "", "source.path: expected a string"),
        ('"a.csv"', "refresh_seconds = 0", "source.refresh_seconds: expected seconds, above 0"),
    ],
)
def test_what_a_job_may_not_say(
    folder: Path, path: str, more: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each problem is named by its key."""
    assert main(["run", str(job(folder, path, more)), "--check"]) != 0
    assert text in capsys.readouterr().err
