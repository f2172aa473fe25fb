"""`streamreg top`: a run at a glance, from its port, its state or its job file."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

import streamreg as sr
from streamreg._cli import main
from streamreg._operate.top import sources
from tests.support.numbered import row
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, LiveSource, ServedRun

Capture = pytest.CaptureFixture[str]
ROWS = 30


class Watched:
    """A run over two tables."""

    def __init__(self, **options: object) -> None:
        self.source = LiveSource()
        t = table_of_source(self.source, {"x": "float", "y": "float"}, header=["x", "y"])
        key = t.select(*sr.this, k=sr.cast(int, t.x))
        outputs = [
            sr.io.csv.write(t.linear_regression(t.y, t.x), "line.csv"),
            sr.io.csv.write(key.groupby(key.k).reduce(key.k, n=sr.reducers.count()), "keys.csv"),
        ]
        self.run = ServedRun(outputs, processes=0, state="job.state", **options)

    def read(self) -> None:
        self.source.add(*map(row, range(ROWS)), b"no row")
        self.run.rows("keys", ROWS)
        wait_until(lambda: self.run.json("/v1/status")["rows"] == ROWS, SECONDS)


def coefficients() -> list[str]:
    last = Path("line.csv").read_text().splitlines()[-1].split(",")
    return last[:2]


def test_one_look_at_a_port(capsys: Capture) -> None:
    """Rows, lag, rejects, partitions and the first rows of each result, with every digit, on no terminal once."""
    watched = Watched()
    with watched.run:
        watched.read()
        assert main(["top", watched.run.url]) == 0
        said = capsys.readouterr().out
        assert said.splitlines()[0].startswith(f"live  reading  {watched.run.url}  2")
        assert f"rows     {ROWS}" in said
        assert "lag 0" in said
        assert "rejects  1 (" in said
        assert "read by live" in said
        assert all(number in said for number in coefficients())
        assert "keys: 30 rows" in said
        assert "… and 20 rows more" in said


def test_one_look_at_a_state(capsys: Capture) -> None:
    """The same of what the last checkpoint holds, while the run goes on and after its end."""
    watched = Watched()
    with watched.run:
        watched.read()
        assert main(["top", "job.state"]) == 0
        live = capsys.readouterr().out
    assert main(["top", "job.state"]) == 0
    ended = capsys.readouterr().out
    assert live.splitlines()[1:] == ended.splitlines()[1:]
    assert "as of the last checkpoint" in live
    assert f"rows     {ROWS}" in live
    assert all(number in live for number in coefficients())
    assert "keys.csv: 30 rows" in live


JOB = """
[source]
topic = "t"
[source.kafka]
bootstrap.servers = "localhost:1"
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
[output]
regression = "line.csv"
"""


def test_a_job_file_says_where_to_look(capsys: Capture) -> None:
    """Where it listens, or where nobody answers its state; if it has neither, that is said."""
    watched = Watched()
    with watched.run:
        watched.read()
        address = watched.run.url.removeprefix("http://")
        Path("job.toml").write_text(f'{JOB}[listen]\naddress = "{address}"\n')
        assert main(["top", "job.toml"]) == 0
        assert watched.run.url in capsys.readouterr().out
    assert main(["top", "job.toml"]) == 0
    assert "job.state" in capsys.readouterr().out
    any_port = '[listen]\naddress = "127.0.0.1:0"\n'
    Path("job.toml").write_text(f"{JOB}{any_port}")
    assert main(["top", "job.toml"]) == 0
    assert "job.state" in capsys.readouterr().out
    Path("job.toml").write_text(f"{JOB}{any_port}[state]\ndirectory = false\n")
    assert main(["top", "job.toml"]) == 2
    assert "listens at any free port: give the URL" in capsys.readouterr().err
    Path("job.toml").write_text(f"{JOB}[state]\ndirectory = false\n")
    assert main(["top", "job.toml"]) == 2
    assert "keeps no state and listens nowhere" in capsys.readouterr().err


def test_a_token_comes_from_the_environment(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it the error says which variable is to hold it, with another one that it is not the run's."""
    watched = Watched(listen={"address": "127.0.0.1:0", "token": "s3cret"})
    with watched.run:
        assert main(["top", watched.run.url]) == 1
        assert "401 Unauthorized (set STREAMREG_TOKEN)" in capsys.readouterr().err
        monkeypatch.setenv("STREAMREG_TOKEN", "secret")
        assert main(["top", watched.run.url]) == 1
        assert "401 Unauthorized (the token is another one than" in capsys.readouterr().err
        monkeypatch.setenv("STREAMREG_TOKEN", "s3cret")
        wait_until(lambda: main(["top", watched.run.url]) == 0, SECONDS)


def test_who_is_not_a_run_is_told_apart(capsys: Capture) -> None:
    """Nobody there, or somebody else."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert main(["top", f"http://127.0.0.1:{port}"]) == 1
    assert "nobody answers" in capsys.readouterr().err
    assert main(["top", "nothing.state"]) == 2


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:abc", "http://127.0.0.1:99999", "http://a b:80", "http://", "http://127.0.0.1:80/a b",
     "http://[::1", "http://ä:80", "http://127.0.0.1:0", "http://127.0.0.1:80?x=1", "http://a\n:80"],
)  # fmt: skip
def test_what_is_no_url_is_refused(url: str, capsys: Capture) -> None:
    """By one line that shows what one looks like."""
    assert main(["top", url]) == 2
    said = capsys.readouterr().err
    assert 'expected the URL of a run, such as "http://127.0.0.1:9464"' in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("token", ["two\nlines", "naïve", "two words"])
def test_a_token_that_cannot_be_sent_is_refused(
    token: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is named, and the token is not told."""
    monkeypatch.setenv("STREAMREG_TOKEN", token)
    assert main(["top", "http://127.0.0.1:1"]) == 2
    said = capsys.readouterr().err
    assert "STREAMREG_TOKEN: the token must" in said
    assert token not in said


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"220 mail.example.org ESMTP\r\n", "no run of streamreg answers there"),
        (b"\x00\x01\x02\r\n\r\n", "no run of streamreg answers there"),
        (ANSWER % (200_000, b"[" * 200_000), "no run of streamreg answers there"),
        (ANSWER % (9, b"{"), "no run of streamreg answers there"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000, "no run of streamreg answers there"),
        (b"HTTP/1.1 404 File not found\r\n\r\n", "no run of streamreg answers there"),
        (b"", "nobody answers"),
    ],
)
def test_a_server_of_something_else(answer: bytes, words: str, capsys: Capture) -> None:
    """Whatever it says: one line, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(10_000)
                client.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        assert main(["top", f"http://127.0.0.1:{server.getsockname()[1]}"]) == 1
        thread.join()
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_a_server_that_drips_is_not_waited_for(
    begin: bytes, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little it says at a time."""
    monkeypatch.setattr(sources, "_SECONDS", 0.5)
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                client.sendall(begin)
                while not ended.wait(0.05):
                    client.sendall(b"1")

        thread = Thread(target=serve)
        thread.start()
        assert main(["top", f"http://127.0.0.1:{server.getsockname()[1]}"]) == 1
        ended.set()
        thread.join()
    assert "nobody answers: no whole answer within" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["port", "state"])
def test_a_terminal_is_renewed_until_ctrl_c(target: str) -> None:
    """In its place, within its size, with the rows that came meanwhile; exit code 0."""
    watched = Watched()
    with watched.run:
        watched.read()
        looking, terminal = pty.openpty()
        name = watched.run.url if target == "port" else "job.state"
        process = subprocess.Popen(
            [sys.executable, "-m", "streamreg", "top", name, "--watch", "0.1"],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**os.environ, "COLUMNS": "60", "LINES": "20"},
            start_new_session=True,
        )
        os.close(terminal)
        said = b""

        def shows(text: bytes) -> bool:
            nonlocal said
            said += os.read(looking, 1 << 16)
            return text in said

        try:
            wait_until(lambda: shows(b"rows     30"), SECONDS, lambda: repr(said))
            watched.source.add(row(ROWS))
            wait_until(lambda: shows(b"rows     31"), SECONDS, lambda: repr(said))
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
            process.wait()
            os.close(looking)
    pictures = said.decode().split("\x1b[H")[1:]
    assert len(pictures) >= 2
    for picture in pictures[:-1]:
        shown = picture.replace("\x1b[K", "").replace("\x1b[J", "").split("\r\n")
        assert len(shown) <= 20
        assert max(map(len, shown)) <= 60
