"""A run that is served is never held up by that, and serves again whatever becomes of the process that does."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

import streamreg as sr
from streamreg._serve import publisher
from streamreg._serve.messages import Standing
from streamreg.testing import read
from tests.support.changelog import result
from tests.support.child import lives
from tests.support.numbered import Point, row, stream
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, LiveSource, ServedRun, events

COLUMNS = ("intercept", "x")
WIDE = 50_000


def line_of(t: sr.Table, path: str = "line.csv") -> sr.Output:
    return sr.io.csv.write(t.linear_regression(t.y, t.x), path)


def server() -> multiprocessing.process.BaseProcess | None:
    found = [each for each in multiprocessing.active_children() if each.name == "streamreg-server"]
    return found[0] if found else None


class Live:
    """A run over a topic to which rows are sent one by one, each an epoch of its own."""

    def __init__(self, *, wide: bool = False, **options: object) -> None:
        """With a `wide` table beside, of which each row is as long as a pipe."""
        self.source = LiveSource()
        t = table_of_source(self.source, {"x": "float", "y": "float"}, header=["x", "y"])
        outputs = [line_of(t)]
        if wide:
            rows = t.reduce(n=sr.reducers.count())
            long = rows.select(text=sr.apply_with_type(lambda n: f"{n:0{WIDE}}", str, rows.n))
            outputs.append(sr.io.csv.write(long, "wide.csv"))
        self.run = ServedRun(outputs, processes=0, **options)

    def send(self, count: int = 1) -> None:
        """Rows, each an epoch of its own, which is served."""
        self.run.until("/v1/tables/line")
        for _ in range(count):
            self.add()

    def add(self) -> None:
        """A row, whether or not anybody serves."""
        sent = len(self.source.messages) + 1
        self.source.add(row(sent - 1))
        wait_until(
            lambda: self.run.progress is not None and self.run.progress.rows == sent,
            SECONDS,
            lambda: str((self.run.progress, self.run.error)),
        )

    def check(self) -> None:
        """The table that is served becomes that of the file."""

        def same() -> bool:
            try:
                answer = self.run.get("/v1/tables/line")
            except ConnectionError:  # Whoever serves ends just now.
                return False
            if answer.status != 200:
                return False
            (found,) = answer.json(parse_float=str)["rows"] or [{}]
            return tuple(found.values()) == result("line.csv", *COLUMNS)

        wait_until(same, SECONDS)


@pytest.fixture
def live() -> Live:
    return Live()


def test_a_server_that_stands_still_holds_up_no_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs are closed while it takes nothing; then it is given all tables anew, and its readers are told so."""
    monkeypatch.setattr(publisher, "MOST_WAITING", 4 * WIDE)
    live = Live(wide=True)
    with live.run:
        live.send(3)
        live.check()
        stopped = server()
        assert stopped is not None
        assert stopped.pid is not None
        connection = live.run.connection()
        connection.request("GET", "/v1/tables/line/changes")
        answer = connection.getresponse()
        assert answer.status == 200
        os.kill(stopped.pid, signal.SIGSTOP)
        for _ in range(9):
            live.add()
        assert live.run.summary is None
        os.kill(stopped.pid, signal.SIGCONT)
        live.check()
        names = [event.name for event in events(iter(answer.readline, b""))]
        assert names[-1] == "reset"
        live.send()
        live.check()
        connection.close()


def test_a_server_that_stands_still_lets_a_run_end(live: Live) -> None:
    """Nobody waits for it longer than a few seconds."""
    with live.run:
        live.send(2)
        live.check()
        stopped = server()
        assert stopped is not None
        assert stopped.pid is not None
        os.kill(stopped.pid, signal.SIGSTOP)
        live.add()
        live.run.stop()
        assert live.run.summary is not None
        assert live.run.summary.rows == 3
        assert not lives(stopped.pid)


def test_a_server_that_is_killed_is_started_again(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    """On the same port, with the same tables; the run goes on meanwhile."""
    caplog.set_level(logging.INFO, "streamreg")
    with live.run:
        live.send(2)
        live.check()
        killed = server()
        assert killed is not None
        killed.kill()
        live.add()
        live.check()
        live.send()
        live.check()
        new = server()
        assert new is not None
        assert new.pid != killed.pid
        wait_until(lambda: "a new process serves" in caplog.text, SECONDS)
    assert "is started again" in caplog.text


def test_a_server_that_fails_does_not_go_on_with_what_is_old(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends, with its traceback on stderr, and another one is given everything."""
    told = publisher.Publisher.end_epoch
    wrong = [Standing(7, ((), ()), ((), ()), ())]  # of two tables, where there is one

    def end_epoch(self: publisher.Publisher, *arguments: Any) -> None:  # noqa: ANN401  # as they come
        told(self, *arguments)
        if wrong:
            self._server.put(self._generation, wrong.pop(), 0)

    with live.run:
        live.send()
        live.check()
        failing = server()
        monkeypatch.setattr(publisher.Publisher, "end_epoch", end_epoch)
        live.add()
        live.add()
        live.check()
        new = server()
        assert failing is not None
        assert new is not None
        assert new.pid != failing.pid


def test_clients_that_take_nothing_or_ask_a_lot_hold_up_no_run(folder: Path) -> None:
    """A run of 400 epochs ends with the exact result while some do; its end is told."""
    t = read(stream(4000, 2), schema=Point, batch=10)
    with ServedRun([line_of(t)], processes=1) as run:
        address = urlsplit(run.url)
        silent = [socket.create_connection((address.hostname, address.port)) for _ in range(20)]
        for each in silent[10:]:
            each.sendall(
                b"GET /v1/tables/line/changes?from=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 3
            )
        run.until("/v1/tables")
        ended = Flag()
        answers: list[int] = []

        def ask() -> None:
            while not ended.is_set():
                try:
                    answers.append(run.get("/v1/tables").status)
                except OSError:
                    return

        asking = [Thread(target=ask) for _ in range(4)]
        for thread in asking:
            thread.start()
        wait_until(lambda: run.summary is not None or run.error is not None, 60)
        ended.set()
        for thread in asking:
            thread.join()
        for each in silent:
            each.close()
    assert run.summary is not None
    assert run.summary.rows == 4000
    assert set(answers) <= {200}
    t = read(stream(4000, 2), schema=Point)
    line_of(t, "alone.csv")
    sr.run(processes=0)
    assert result("line.csv", *COLUMNS) == result("alone.csv", *COLUMNS)


def test_the_end_of_a_run_is_told(live: Live) -> None:
    """Readers of changes get all of them, then the event `end`; the port is free then."""
    with live.run:
        live.send(3)
        live.check()
        connection = live.run.connection()
        connection.request("GET", "/v1/tables/line/changes?from=0")
        answer = connection.getresponse()
        port = urlsplit(live.run.url).port
        live.run.stop()
        names = [event.name for event in events(iter(answer.readline, b""))]
        connection.close()
    assert names == [*["changes", "epoch"] * 3, "end"]
    assert server() is None
    socket.create_server(("127.0.0.1", port or 0)).close()


def test_a_port_that_is_taken_ends_a_run_before_it_reads(folder: Path) -> None:
    """No file is made, and the output can be run again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        t = read(stream(10, 1), schema=Point)
        output = line_of(t)
        with pytest.raises(sr.StreamregError, match="Address already in use"):
            sr.run(processes=0, listen=f"127.0.0.1:{taken.getsockname()[1]}")
    assert list(folder.iterdir()) == []
    assert sr.run(outputs=[output], processes=0, listen="127.0.0.1:0").rows == 10


def test_a_run_that_fails_serves_no_longer(live: Live, folder: Path) -> None:
    """Its error comes through as it is."""
    (folder / "line.csv").write_text("somebody else's\n")
    with pytest.raises(sr.OutputError), live.run:
        wait_until(lambda: live.run.error is not None, SECONDS)
    assert server() is None


@pytest.fixture
def resumed() -> Iterator[Live]:
    """A run of a state that an earlier one has left."""
    first = Live(state="state")
    with first.run:
        first.send(3)
    second = Live(state="state")
    second.source.add(*first.source.messages)
    with second.run:
        yield second


def test_a_run_that_goes_on_serves_what_stands(resumed: Live) -> None:
    """Before anything new is read: the rows of the state, its sums for predictions, and epochs from its own on."""
    (found,) = resumed.run.rows("line", 1)["rows"]
    assert tuple(found.values()) == result("line.csv", *COLUMNS)
    assert resumed.run.json("/v1/tables/line")["epoch"] == 2
    assert resumed.run.json("/v1/predict?table=line&x=3")["rows"] == 3
    assert resumed.run.get("/v1/tables/line/changes?from=2").status == 410
    resumed.send()
    resumed.check()


def last_id(live: Live, epoch: int) -> str:
    """The id that the end of an epoch has."""
    connection = live.run.connection()
    connection.request("GET", f"/v1/tables/line/changes?from={epoch}")
    answer = connection.getresponse()
    found = [next(events(iter(answer.readline, b""))).id]
    while found[-1] is None:
        found.append(next(events(iter(answer.readline, b""))).id)
    connection.close()
    return found[-1]


def test_a_reader_goes_on_from_an_earlier_run_alone(folder: Path) -> None:
    """By the id of the last event: where a run goes on with the state of the one before, and in no other."""
    first = Live(state="state")
    with first.run:
        first.send(3)
        first.check()
        seen = last_id(first, 2)
    second = Live(state="state")
    second.source.add(*first.source.messages)
    with second.run:
        second.run.rows("line", 1)
        connection = second.run.connection()
        connection.request("GET", "/v1/tables/line/changes", headers={"Last-Event-ID": seen})
        answer = connection.getresponse()
        assert answer.status == 200
        second.send()
        event = next(events(iter(answer.readline, b"")))
        assert event.data["epoch"] == "3"
        connection.close()
    (folder / "line.csv").unlink()
    third = Live()
    with third.run:
        third.send(4)
        third.check()
        found = third.run.get("/v1/tables/line/changes", Last_Event_ID=seen)
        assert found.status == 410
        assert "epoch 2 is not here, or another one in this run" in found.json()["error"]


def test_a_daemonic_process_serves_nothing(folder: Path) -> None:
    """It may have no children: the error says so."""
    code = """
import multiprocessing, streamreg as sr
from streamreg.testing import read
class Point(sr.Schema):
    x: float
    y: float
def work():
    t = read([[b"x,y", b"1,2"]], schema=Point)
    sr.io.csv.write(t, "rows.csv")
    try:
        sr.run(listen="127.0.0.1:0")
    except sr.ConfigurationError as error:
        print(error, flush=True)
if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=work, daemon=True)
    process.start()
    process.join()
"""
    (folder / "daemonic.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "daemonic.py"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "listen: this process is daemonic" in done.stdout


def test_the_log_says_where_it_is_served(caplog: pytest.LogCaptureFixture) -> None:
    """With the port that was found free, and a warning where everyone may ask."""
    live = Live(listen={"address": "0.0.0.0:0", "insecure": True})
    with live.run, caplog.at_level(logging.INFO, "streamreg"):
        live.send()
        live.check()
    assert f"page, metrics, health and results: {live.run.url}" in caplog.text
    assert "without a token, to everyone who can connect" in caplog.text
