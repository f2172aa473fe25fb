"""The command line: what it takes, what it says, how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from streamreg._cli import main
from streamreg._cli import run as run_command
from streamreg._cli.arguments import setting
from streamreg._demo import run as _demo
from streamreg._exceptions import ConfigurationError, StreamregError
from streamreg._jobs import Job, example, job_from_bytes
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._rejects.dead_letters import REASONS
from streamreg._run import lifecycle
from streamreg._run.progress import Summary

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def job_file(tmp_path: Path) -> Path:
    path = tmp_path / "job.toml"
    path.write_text(example(), encoding="utf-8")
    return path


def runs(monkeypatch: pytest.MonkeyPatch, action: Callable[[Job], Summary]) -> None:
    """Puts a function in the place of the runtime, which logs how it ends."""

    def run_job(job: Job, *, drop_undelivered: bool) -> Summary:
        assert not drop_undelivered
        summary = action(job)
        lifecycle.stopped(summary)
        return summary

    monkeypatch.setattr(run_command, "run_job", run_job)


def fails(error: BaseException) -> Callable[[Job], Summary]:
    def action(job: Job) -> Summary:
        raise error

    return action


def test_the_version_is_the_packages(capsys: Capture) -> None:
    """--version and -V say what is installed."""
    for option in ("--version", "-V"):
        assert main([option]) == 0
        assert capsys.readouterr().out == f"streamreg {version('streamreg')}\n"


def test_the_command_alone_shows_its_help(capsys: Capture) -> None:
    """On stdout, as --help does: nothing is wrong."""
    assert main(["--help"]) == 0
    wanted = capsys.readouterr().out
    assert main([]) == 0
    assert capsys.readouterr() == (wanted, "")


def test_a_static_run_of_rejects_alone_fails(
    job_file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of which no message was a row: exit code 1, and the summary says so. One row suffices, and so does a signal."""
    for summary, code in [
        (Summary(rejects={"malformed-json": 1}), 1),
        (Summary(rejects={"malformed-json": 1}, ended_by="SIGTERM"), 0),
        (Summary(rows=1, epochs=1, rejects={"malformed-json": 1}), 0),
        (Summary(), 0),
    ]:
        runs(monkeypatch, lambda job, summary=summary: summary)  # type: ignore[misc]
        assert main(["run", str(job_file)]) == code
        said = caplog.messages[-1]
        assert ("no message was a row" in said) == (summary.rows == 0 and bool(summary.rejects))
        assert ("1 reject (malformed-json 1)" in said) == bool(summary.rejects)


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["run"],
        ["doctor"],
        ["verify"],
        ["inspect"],
        ["top"],
        ["replay-rejects"],
        ["generate"],
        ["demo"],
        ["bench"],
    ],
)
def test_help_suffices(command: list[str], capsys: Capture) -> None:
    """Each help shows an example of the command, and fits the screen."""
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"\n  streamreg {' '.join(command)}".rstrip() in text.partition("example:")[2]
    assert max(len(line) for line in text.splitlines()) <= 100


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--debug"], "command"),
        (["rum"], "there is no command 'rum'; did you mean \"run\"?"),
        (["docter", "job.toml"], 'did you mean "doctor"?'),
        (["xyzzy"], "there is no command 'xyzzy' (see streamreg --help)"),
        (["run", "job.toml", "--proceses", "3"], 'did you mean "--processes"? (see streamreg run'),
        (["run", "job.toml", "--proceses=3"], 'did you mean "--processes"?'),
        (["--versoin"], 'did you mean "--version"?'),
        (["run"], "--example"),
        (["run", "job.toml", "--processes", "0"], "--processes"),
        (["run", "job.toml", "--proc", "1"], "--proc"),
        (["run", "no/such/job.toml"], "no/such/job.toml: cannot be read: No such file"),
        (["run", "job.toml", "--log-format", "xml"], "--log-format"),
        (["run", "job.toml", "--log-level", "all"], "--log-level"),
        (["top"], "TARGET"),
        (["top", "job.state", "--watch", "0"], "--watch"),
        (["top", "no/such/job.toml"], "no/such/job.toml: cannot be read: No such file"),
        (["verify"], "JOB.toml"),
        (["verify", "no/such/job.toml"], "no/such/job.toml: cannot be read: No such file"),
        (["inspect"], "STATE"),
        (["generate"], "--bootstrap-servers"),
        (["generate", "--topic", "t"], "--bootstrap-servers"),
        (
            ["generate", "--bootstrap-servers", "h", "--topic", "t", "--rate", "-1"],
            "rate: must be 0 or more",
        ),
        (
            ["generate", "--bootstrap-servers", "h", "--topic", "t", "--rate", "fast"],
            "--rate",
        ),
        (
            ["generate", "--bootstrap-servers", "h", "--topic", "t", "--setting", "=x"],
            "expected KEY=VALUE",
        ),
        (
            ["generate", "--bootstrap-servers", "h", "--topic", "t", "--setting", "a.b=c"],
            'No such configuration property: "a.b"',
        ),
        (
            [*["generate", "--bootstrap-servers", "h", "--topic", "t", "--setting"], "linger.sm=1"],
            'No such configuration property: "linger.sm"; did you mean linger.ms?',
        ),
        (
            ["generate", "--partition", "1", "--partitions", "spread"],
            "not allowed with",
        ),
        (["demo", "--count", "0"], "--count"),
        (["demo", "--rate", "inf"], "rate"),
    ],
)
def test_a_wrong_command_is_one_line_and_code_2(
    arguments: list[str], words: str, capsys: Capture
) -> None:
    """What cannot be understood is told in one line on stderr, with nothing on stdout."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("streamreg: error: ")
    assert words in err
    assert err.count("\n") == 1


def test_each_reason_stands_beside_its_meaning(capsys: Capture) -> None:
    """However long its name is."""
    assert main(["replay-rejects", "--help"]) == 0
    reasons = capsys.readouterr().out.partition("reasons:\n")[2]
    for name, text in REASONS.items():
        assert f"  {name}  " in reasons
        assert text in " ".join(reasons.split())


def test_a_setting_may_hold_equals_signs_and_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """KEY=VALUE splits at the first sign; a variable keeps a secret out of the command line."""
    monkeypatch.setenv("STREAMREG_TEST_PASSWORD", "hunter2")
    assert setting("sasl.password=a=${STREAMREG_TEST_PASSWORD}") == ("sasl.password", "a=hunter2")


def test_check_says_valid_or_everything_that_is_wrong(job_file: Path, capsys: Capture) -> None:
    """--check runs nothing, and lists the client's objections too."""
    assert main(["run", str(job_file), "--check"]) == 0
    assert capsys.readouterr().err == f"{job_file}: valid\n"
    text = example().replace("group.id", "no.such.setting").replace("# security", "security")
    job_file.write_text(text.replace("sasl_ssl", "bogus"), encoding="utf-8")
    assert main(["run", str(job_file), "--check"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"streamreg: error: {job_file}: source.kafka: ") for line in lines)


def test_the_example_that_is_printed_can_be_run(capsys: Capture) -> None:
    """`run --example` gives a valid job file."""
    assert main(["run", "--example"]) == 0
    assert job_from_bytes(capsys.readouterr().out.encode(), "out", {}).target == "y"


def test_a_run_ends_with_its_counts(
    job_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The job comes from the file, --processes from the command, the summary goes to the log."""
    jobs: list[Job] = []

    def action(job: Job) -> Summary:
        jobs.append(job)
        return Summary(rows=1234, epochs=1, rejects={"number": 2, "fields": 1})

    runs(monkeypatch, action)
    assert main(["run", str(job_file), "--processes", "3"]) == 0
    assert capsys.readouterr().out == ""
    assert caplog.messages == [
        "stop: 1,234 rows in 1 epoch, 0.0 s; 3 rejects (fields 1, number 2); ended by source"
    ]
    assert [job.processes for job in jobs] == [3]


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (StreamregError("it broke"), 1, "it broke"),
        (ConfigurationError("no such thing"), 2, "no such thing"),
        (FileNotFoundError(2, "No such file or directory", "a/b.csv"), 1, "a/b.csv: No such file"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_a_failed_run_is_a_line_and_a_code(
    error: BaseException,
    code: int,
    text: str,
    job_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """Errors that are foreseen give no traceback, unless --debug asks for it."""
    runs(monkeypatch, fails(error))
    assert main(["run", str(job_file)]) == code
    err = capsys.readouterr().err
    assert re.match(rf"\d{{4}}-\d\d-\d\dT[0-9:.]+Z ERROR {re.escape(text)}", err)
    assert err.count("\n") == 1
    assert main(["run", str(job_file), "--log-format", "json"]) == code
    assert json.loads(capsys.readouterr().err)["message"].startswith(text)
    for arguments in (["--debug", "run", str(job_file)], ["run", str(job_file), "--debug"]):
        assert main(arguments) == code
        assert "Traceback" in capsys.readouterr().err


def test_a_bug_shows_its_traceback(
    job_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """What nobody foresaw is not hidden."""
    runs(monkeypatch, fails(ZeroDivisionError("oh")))
    assert main(["run", str(job_file)]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "ZeroDivisionError: oh" in err


@pytest.mark.parametrize("error", [StreamregError, ConfigurationError, OSError, ZeroDivisionError])
def test_no_error_holds_a_secret(
    error: type[Exception], job_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """A password that some layer put into its error is taken out again, debugging or not."""
    text = job_file.read_text(encoding="utf-8").replace("# sasl.password", "sasl.password")
    job_file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("KAFKA_PASSWORD", "hunter2")
    runs(monkeypatch, fails(error("refused: hunter2")))
    for arguments in (["run", str(job_file)], ["--debug", "run", str(job_file)]):
        assert main(arguments) != 0
        out, err = capsys.readouterr()
        assert "hunter2" not in out + err
        assert "refused: ********" in err


def test_generate_stops_cleanly_at_ctrl_c() -> None:
    """An endless producer that is interrupted says how many points it sent, all of them there."""
    with EmbeddedBroker() as broker:
        command = ["generate", "--topic", "points", "--count", "0", "--rate", "200"]
        servers = ["--bootstrap-servers", broker.bootstrap_servers]
        process = subprocess.Popen(
            [sys.executable, "-m", "streamreg", *command, *servers],
            stderr=subprocess.PIPE,
            text=True,
        )
        consumer = Consumer({**broker.settings, "group.id": "test"})
        try:
            place = TopicPartition("points", 0, 0)
            deadline = time.monotonic() + 60
            broker.create_topic("points")
            while consumer.get_watermark_offsets(place, timeout=10)[1] < 20:
                assert time.monotonic() < deadline
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
            assert process.returncode == 0
            _, high = consumer.get_watermark_offsets(place, timeout=10)
            assert err == f"streamreg: {high - 1:,} points sent to points (stopped)\n"
        finally:
            process.kill()
            process.wait()
            consumer.close()


def test_the_demo_ends_by_itself_and_says_what_it_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """All points are sent and read, a screenful is printed, and both files are named."""
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--count", "500", "--rate", "0"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) <= 22
    assert "500 points sent; read: 500 rows in " in out
    for name in ("regression_input.csv", "regression_output_stream.csv"):
        assert str(Path("streamreg-demo") / name) in out
        assert (tmp_path / "streamreg-demo" / name).exists()


def test_the_demo_fails_if_its_producer_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """An error of the producer ends the run and is the command's error."""

    def broken(*_: object) -> int:
        raise StreamregError("the producer broke")

    monkeypatch.setattr(_demo, "generate", broken)
    assert main(["demo", "--directory", str(tmp_path / "d")]) == 1
    assert capsys.readouterr().err == "streamreg: error: the producer broke\n"


def test_the_demo_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Without a directory a new one is made; with one, earlier files in it are an error."""
    monkeypatch.chdir(tmp_path)
    names = [str(_demo.new_directory(None)) for _ in range(3)]
    assert names == ["streamreg-demo", "streamreg-demo-2", "streamreg-demo-3"]
    chosen = tmp_path / "a" / "b"
    assert _demo.new_directory(chosen) == chosen
    assert _demo.new_directory(chosen) == chosen
    (chosen / "regression_input.csv").write_text("mine", encoding="utf-8")
    assert main(["demo", "--directory", str(chosen)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert os.listdir(chosen) == ["regression_input.csv"]


def test_the_demo_leaves_nothing_where_it_cannot_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """No folder stays behind where it could not listen: without a token, without what serves, or where another does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STREAMREG_TOKEN", raising=False)
    assert main(["demo", "--listen", "0.0.0.0:0"]) == 2
    assert "set a token" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["demo", "--count", "1", "--rate", "0", "--listen", address]) == 1
    assert "Address already in use" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["demo", "--listen", "127.0.0.1:0"]) == 2
    (needed,) = re.findall(r"pip install '(.*?)'", capsys.readouterr().err)
    assert os.listdir(tmp_path) == []
    assert main(["demo", "--help"]) == 0
    assert f"needs {needed})" in " ".join(capsys.readouterr().out.split())


def test_a_reader_that_goes_away_is_no_traceback(job_file: Path) -> None:
    """Output into a pipe that is closed ends the command quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "streamreg", "run", "--example"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")
