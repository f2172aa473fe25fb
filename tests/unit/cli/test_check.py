"""`streamreg run --check`: what no run of the job could do is told, in the words and with the code of a run."""

from pathlib import Path

import pytest

import streamreg as sr
from streamreg._cli import main
from tests.support.job_files import MINIMAL

BEFORE = MINIMAL.partition("[output]")[0]
FIRST = '[[output]]\nsink = "csv"\npath = "first.csv"\n'
KAFKA = '[[output]]\nsink = "kafka"\ntopic = "lines"\n'
SQLITE = '[[output]]\nsink = "sqlite"\npath = "x.db"\n'
POSTGRES = '[[output]]\nsink = "postgres"\ntable = "line"\n'


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "job.toml"


@pytest.mark.parametrize(
    ("command", "listen", "problem"),
    [
        (["doctor"], "0.0.0.0:1", "other machines can connect to 0.0.0.0: set a token"),
        (["run"], "0.0.0.0:1", "other machines can connect"),
        (["run", "--check"], "0.0.0.0:1", "other machines can connect"),
        (["run", "--check", "--listen", "0.0.0.0:80"], "127.0.0.1:1", "other machines can connect"),
        (["run", "--check", "--listen", "a..b:80"], "127.0.0.1:1", "found 'a..b:80'"),
        (["run", "--listen", "a..b:80"], "127.0.0.1:1", "found 'a..b:80'"),
    ],
)
def test_where_a_job_could_not_listen(
    written: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    listen: str,
    problem: str,
) -> None:
    """What the command line says counts too."""
    monkeypatch.delenv("STREAMREG_TOKEN", raising=False)
    written.write_text(f'{MINIMAL}[listen]\naddress = "{listen}"\n')
    assert main([*command, "job.toml"]) == (1 if command == ["doctor"] else 2)
    found = capsys.readouterr()
    assert problem in found.out + found.err


@pytest.mark.parametrize("command", [["run", "--check"], ["run"]])
@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (FIRST + KAFKA + 'key = ["nokey"]\n', "output.2: the table has no column 'nokey'"),
        (
            FIRST + KAFKA + '[output.create]\nnum.partitions = "x"\n',
            "output.2: create: num.partitions: expected a number above 0, 100,000 at most, found 'x'",
        ),
        (
            FIRST + KAFKA + "[output.create]\nnum.partitions = 1000000\n",
            "output.2: create: num.partitions: expected a number above 0, 100,000 at most, found '1000000'",
        ),
        (
            FIRST + KAFKA + '[output.create]\nretention.ms = "\\u0001"\n',
            "output.2: create: retention.ms: expected plain text",
        ),
        (
            FIRST + KAFKA + '[output.kafka]\nclient.id = "x"\n',
            "output.2: rdkafka_settings: bootstrap.servers is missing",
        ),
        (FIRST + SQLITE + 'table = "sqlite_x"\n', "output.2: table: 'sqlite_x' is the name of"),
        (
            FIRST + SQLITE + 'table = "Streamreg_Epochs"\n',
            "output.2: table: 'Streamreg_Epochs' is the name of",
        ),
        (
            FIRST + POSTGRES + 'connection = "hots=x"\n',
            "output.2: connection: expected a connection string of libpq, or a URL: invalid",
        ),
        (
            FIRST + POSTGRES.replace("line", "t" * 64) + 'connection = "host=x"\n',
            f"output.2: table: '{'t' * 64}' has 64 bytes",
        ),
        (
            FIRST + '[rejects]\ntopic = "dead"\n[rejects.create]\nreplication.factor = "no"\n',
            "create: replication.factor: expected a number above 0",
        ),
    ],
)
def test_what_cannot_be_is_told(
    written: Path,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    more: str,
    problem: str,
) -> None:
    """With the number of the output, by `--check` and by a run, which a service does not start again."""
    written.write_text(BEFORE + more)
    assert main([*command, "job.toml"]) == 2
    sr.clear()
    assert problem in capsys.readouterr().err
    assert list(written.parent.iterdir()) == [written]


def test_all_is_told(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of every output, with the name of the file."""
    bad = KAFKA + 'key = ["no"]\n'
    written.write_text(BEFORE + bad + FIRST + bad.replace("lines", "others"))
    assert main(["run", "--check", "job.toml"]) == 2
    sr.clear()
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("streamreg: error: job.toml: output.1: the table has no column 'no'")
    assert second.startswith("streamreg: error: job.toml: output.3: the table has no column 'no'")


def test_the_settings_of_an_output_are_asked_of_the_client(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As those of the source are, without a connection."""
    more = '[output.kafka]\nbootstrap.servers = "nowhere:1"\nlinger.sm = 1\n'
    written.write_text(BEFORE + FIRST + KAFKA + more)
    assert main(["run", "--check", "job.toml"]) == 2
    said = capsys.readouterr().err
    assert "job.toml: output.2.kafka: No such configuration property" in said
    assert "did you mean linger.ms?" in said


def test_what_can_be_is_valid(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is connected to, and nothing is made."""
    written.write_text(
        BEFORE + FIRST + KAFKA + 'key = ["x"]\n' + SQLITE + 'table = "line"\n'
        + POSTGRES + 'connection = "host=nowhere"\n'
    )  # fmt: skip
    assert main(["run", "--check", "job.toml"]) == 0
    assert capsys.readouterr().err == "job.toml: valid\n"
    assert list(written.parent.iterdir()) == [written]


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_options_that_do_not_go_together(
    written: Path, capsys: pytest.CaptureFixture[str], check: list[str]
) -> None:
    """They are a matter of the command line, for people: no line of the log; the job is not at fault."""
    written.write_text(MINIMAL)
    assert main(["run", "job.toml", "--master", "local[2]", *check]) == 2
    assert capsys.readouterr().err == "streamreg: error: --master is of --engine spark\n"
