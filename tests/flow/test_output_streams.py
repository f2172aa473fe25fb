"""Outputs that are no plain files: pipes and devices work without a state, and never hang a run."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg.testing import read
from tests.support.doctor import findings, job_file
from tests.support.numbered import Point, count_sound, stream, write_regression
from tests.support.process import ROOT, Process, wait_until

PROGRAM = """
import os, sys
import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream
t = read(stream(int(os.environ.get("ROWS", "30")), 3), schema=Point, batch=6)
sr.io.csv.write(t, os.environ.get("OUTPUT", "/dev/stdout"))
summary = sr.run(processes=0, rejects=os.environ.get("REJECTS"))
print("ended by", summary.ended_by, file=sys.stderr)
"""


def table(rows: int = 30) -> sr.Table:
    return read(stream(rows, 3), schema=Point, batch=6)


def run_program(folder: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(PROGRAM)
    return subprocess.run(
        ["bash", "-c", command.replace("PYTHON", f"{sys.executable} program.py")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def started(folder: Path, **environment: str) -> Process:
    (folder / "program.py").write_text(PROGRAM)
    return Process(folder / "program.py", folder, {"PYTHONPATH": str(ROOT), **environment})


class Reader:
    """Reads a FIFO to its end, in a thread."""

    def __init__(self, path: Path) -> None:
        self.data = b""
        self._path = path
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        self.data = self._path.read_bytes()

    def end(self) -> bytes:
        self._thread.join(60)
        return self.data


def test_a_fifo_gets_what_a_file_gets(folder: Path) -> None:
    """Each output, and the dead-letter file, may be one: its reader gets every byte, and it stays what it is."""
    names = ("rows.csv", "line.csv", "rejects.jsonl")

    def run() -> None:
        messages = stream(30, 3)
        messages[0].append(b"no row")
        write_regression(read(messages, schema=Point, batch=6))
        sr.run(processes=0, rejects="rejects.jsonl")

    run()
    expected = {name: (folder / name).read_bytes() for name in names}
    for name in names:
        (folder / name).unlink()
        os.mkfifo(folder / name)
    readers = {name: Reader(folder / name) for name in names}
    run()
    assert {name: reader.end() for name, reader in readers.items()} == expected
    assert all((folder / name).is_fifo() for name in names)


@pytest.mark.parametrize("rows", ["30", "30000"])
def test_standard_output_into_a_pipe(folder: Path, rows: str) -> None:
    """`program | cat` prints the changelog and ends, also where it is more than a pipe holds."""
    done = run_program(folder, "PYTHON | cat > rows.csv", ROWS=rows)
    told, end = done.stderr.splitlines()
    assert told.startswith("/dev/stdout: a pipe or a device, which no state goes on with")
    assert end == "ended by source"
    assert len((folder / "rows.csv").read_text().splitlines()) == int(rows) + 1


@pytest.mark.parametrize("place", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_into_a_file(folder: Path, place: str) -> None:
    """`program > file` writes the file."""
    done = run_program(folder, "PYTHON > rows.csv", OUTPUT=place)
    assert done.stderr == "ended by source\n"
    assert len((folder / "rows.csv").read_text().splitlines()) == 31


def test_a_device_is_written(folder: Path) -> None:
    """To /dev/null any number of runs may write; a full device is an error that names it."""
    for _ in range(2):
        sr.io.csv.write(table(), "/dev/null")
        assert sr.run(processes=0).rows == 30
    sr.io.csv.write(table(), "/dev/full")
    with pytest.raises(sr.OutputError, match=r"^/dev/full: No space left on device"):
        sr.run(processes=0)


@pytest.mark.parametrize("as_rejects", [False, True])
@pytest.mark.parametrize("kind", ["fifo", "/dev/null"])
def test_a_state_needs_plain_files(folder: Path, as_rejects: bool, kind: str) -> None:
    """What cannot be cut back is refused with a state, before anything is waited for, and with what to do."""
    place = folder / "out" if kind == "fifo" else Path(kind)
    if kind == "fifo":
        os.mkfifo(place)
    sr.io.csv.write(table(), "rows.csv" if as_rejects else place)
    with pytest.raises(
        sr.OutputError, match=r"is a pipe or a device.*plain file, or run without a state"
    ):
        sr.run(processes=0, state="state", rejects=place if as_rejects else None)
    assert not (folder / "rows.csv").exists()


def test_what_is_neither_is_refused(folder: Path) -> None:
    """A socket is named as such."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("out.csv")
        sr.io.csv.write(table(), "out.csv")
        with pytest.raises(sr.OutputError, match=r"^out\.csv is a socket"):
            sr.run(processes=0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("name", ["OUTPUT", "REJECTS"])
def test_a_signal_ends_a_wait_for_a_reader(folder: Path, number: signal.Signals, name: str) -> None:
    """Nobody reads the FIFO: the run says that it waits, and ends at the first signal, with exit code 0."""
    os.mkfifo(folder / "fifo")
    outputs = {"OUTPUT": "rows.csv", "REJECTS": "rejects.jsonl", name: "fifo"}
    with started(folder, **outputs) as program:
        program.wait_until(lambda: "fifo: nobody reads this pipe" in program.said)
        program.signal(number)
        program.finish(5)
        assert f"ended by {number.name}" in program.said


def test_a_reader_that_comes_late_gets_everything(folder: Path) -> None:
    """It is waited for."""
    os.mkfifo(folder / "fifo")
    with started(folder, OUTPUT="fifo") as program:
        program.wait_until(lambda: "fifo: nobody reads" in program.said)
        data = Reader(folder / "fifo").end()
        program.finish()
    assert len(data.splitlines()) == 31


def test_a_reader_that_goes_away_is_an_error(folder: Path) -> None:
    """It names the file, and the run ends."""
    done = run_program(folder, "PYTHON | head -c 10 > begin; exit ${PIPESTATUS[0]}", ROWS="60000")
    assert done.returncode == 1
    assert "OutputError: /dev/stdout: nobody reads it any more" in done.stderr


def test_a_signal_ends_a_run_whose_reader_stands_still(folder: Path) -> None:
    """A reader that takes nothing: the run ends within five seconds, and says that bytes are not there."""
    os.mkfifo(folder / "fifo")
    with started(folder, OUTPUT="fifo", ROWS="60000") as program:
        descriptor = os.open(folder / "fifo", os.O_RDONLY)
        try:
            assert os.read(descriptor, 1)

            looks: list[bytes] = []

            def full() -> bool:
                """Some 60 kB are there, and for fifty looks no byte more has come."""
                held = bytearray(4)
                fcntl.ioctl(descriptor, termios.FIONREAD, held)
                looks.append(bytes(held))
                same = len(looks) > 50 and len(set(looks[-50:])) == 1
                return same and int.from_bytes(held, sys.byteorder) > 60_000

            wait_until(full, 30)
            program.signal(signal.SIGTERM)
            assert program.exit_code(5) == 1
        finally:
            os.close(descriptor)
        assert "takes nothing, and the run is to end" in program.said


def test_two_runs_do_not_share_a_fifo(folder: Path) -> None:
    """Their lines would be torn: the second is refused, and the first goes on."""
    os.mkfifo(folder / "fifo")
    reader = Reader(folder / "fifo")
    refused: list[BaseException] = []

    def second(progress: sr.Progress) -> bool:
        if progress.epochs == 1:
            sr.io.csv.write(table(), "fifo")
            try:
                sr.run(processes=0)
            except sr.OutputError as error:
                refused.append(error)
        return False

    sr.io.csv.write(table(), "fifo")
    sr.run(processes=0, stop=second)
    assert [str(error).partition(":")[0] for error in refused] == ["fifo"]
    assert len(reader.end().splitlines()) == 31


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [("[state]\ndirectory = false", "ok", ""), ("", "FAIL", "is a pipe or a device")],
)
def test_doctor_does_not_wait_for_a_reader(
    broker: EmbeddedBroker, topic: str, folder: Path, more: str, status: str, words: str
) -> None:
    """A FIFO is looked at, not opened."""
    os.mkfifo(folder / "fifo")
    line = findings(job_file(broker.settings, topic, output="fifo", more=more))["outputs"]
    assert line.status == status
    assert words in line.text


def test_a_link_to_a_fifo_is_one(folder: Path) -> None:
    """What a path leads to is looked at, and not what it is called."""
    os.mkfifo(folder / "fifo")
    (folder / "link.csv").symlink_to("fifo")
    reader = Reader(folder / "fifo")
    sr.io.csv.write(table(), "link.csv")
    sr.run(processes=0)
    (folder / "rows.csv").write_bytes(reader.end())
    fit = table()
    write = fit.linear_regression(fit.y, fit.x)
    sr.io.csv.write(write.select(a=write.intercept, b=write.x), "line.csv")
    sr.run(processes=0)
    assert count_sound(folder, 3) == 30
