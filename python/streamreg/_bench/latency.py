"""Bench: the time from a message's making to its row in the file, where another process can read it.

A message holds the time at which the producer handed it to its client. The contender writes it to `input.csv` as the
first column; here the length of that file is looked at five times a millisecond, so each row's arrival is known to
some 0.2 ms. All clocks are that of one machine. The row is then in the system's cache, as with durability "process".
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from streamreg._bench.broker import PARTITIONS, Broker
from streamreg._bench.contender import (
    INPUT,
    PATHWAY,
    STREAMREG,
    WRITING,
    Contender,
    Job,
    WrongError,
    complaint,
    running,
)
from streamreg._bench.points import Tell
from streamreg._bench.sender import Sending, send
from streamreg._dataclass import dataclass
from streamreg._exceptions import StreamregError

SLOW = 20.0
FAST = 100_000.0
AUTOCOMMIT_MS = 1
_LOOK_SECONDS = 0.0002
_START_SECONDS = 60.0
# What may still be on its way when the producer has ended; a contender that needs longer has fallen behind.
_REST_SECONDS = 60.0
# Caches, connections and code are cold at first, the broker's compiler is busy: such rows are not counted.
_WARM_SECONDS = 3.0


@dataclass(frozen=True)
class Latency:
    """The latencies of one contender at one rate; times in milliseconds."""

    contender: str
    rate: float
    rows: int
    """The rows whose time counts."""
    p50: float
    p99: float
    worst: float
    first_row: float
    """Seconds from the start of the run to the first row in the file, of a topic that holds some."""


class BehindError(WrongError):
    """A contender does not keep up with the rate."""


class Tail:
    """Notes when the file that a contender writes has which length."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes: list[int] = [0]
        self._times: list[float] = [0.0]
        self._counted = self._lines = 0

    def look(self) -> int:
        """The length now."""
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return 0
        if size > self._sizes[-1]:
            self._times.append(time.time())
            self._sizes.append(size)
        time.sleep(_LOOK_SECONDS)
        return size

    def rows(self) -> int:
        """The rows of the file, without its header."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._counted)  # only what is new: the next look must not come late
                new = file.read()
        except FileNotFoundError:
            return 0
        self._counted += len(new)
        self._lines += new.count(b"\n")
        return max(self._lines - 1, 0)

    def arrivals(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For each row its first column, and the time at which the file was first seen to hold it."""
        self.look()
        text = self._path.read_bytes()[: self._sizes[-1]]
        ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")) + 1
        # Pathway puts its numbers in quotes.
        made = [float(line.partition(b",")[0].strip(b'"')) for line in text.splitlines()[1:]]
        seen = np.array(self._times)[np.searchsorted(self._sizes, ends[1:])]
        return np.array(made), seen


def rivals(peers: Iterable[Contender]) -> list[Contender]:
    """Who is measured: the bare client, streamreg, and the peer that writes the same two files without our own code."""
    chosen = (peer for peer in peers if peer.name == PATHWAY.name and peer.version())
    return [WRITING, STREAMREG, *chosen]


def latency(
    broker: Broker, contenders: Sequence[Contender], seconds: float, tell: Tell
) -> list[Latency]:
    """Measures the contenders one by one at both rates, each on a topic of its own; one that falls behind is excluded.

    The fast rate comes first: a broker compiles its code as it is used, and one that has just been started takes
    twice as long for a lone message.

    Raises:
        WrongError: If one of our own fails.
    """
    found = []
    for rate, contender in itertools.product((FAST, SLOW), contenders):
        try:
            one = _measure(broker, contender, rate, seconds)
        except WrongError as error:
            if contender.needs is None and not isinstance(error, BehindError):
                raise
            tell(str(error))
            continue
        tell(
            f"{rate:,.0f} messages a second: {one.contender}: p50 {one.p50:.1f} ms, p99 {one.p99:.1f} ms"
        )
        found.append(one)
    return found


def _measure(broker: Broker, contender: Contender, rate: float, seconds: float) -> Latency:
    rows = int(rate * (seconds + _WARM_SECONDS))
    with broker.topic("latency") as topic, TemporaryDirectory(prefix="streamreg-bench-") as name:
        folder = Path(name)
        tail = Tail(folder / INPUT)
        # A row of every partition in the file tells that all are being read.
        send(Sending(settings=broker.settings, topic=topic, rate=0, rows=PARTITIONS))
        job = Job(
            settings={**broker.settings, **broker.reading},
            topic=topic,
            format="json",
            rows=0,
            parallel=2,
            autocommit_ms=AUTOCOMMIT_MS,
            static=False,
        )
        with running(contender, job, folder) as process:
            _wait(tail, PARTITIONS, process, _START_SECONDS, contender, folder, job)
            sending = Sending(settings=broker.settings, topic=topic, rate=rate, rows=rows)
            _send(sending, tail)
            _wait(tail, PARTITIONS + rows, process, _REST_SECONDS, contender, folder, job)
        made, seen = tail.arrivals()
        started = json.loads((folder / "stdout").read_text().splitlines()[0])["started"]
        first_row = float(seen[0]) - started
    late = (seen - made) * 1000
    # The first rows are older than the run; then come those of the cold second.
    counted = late[made > made[PARTITIONS:].min() + _WARM_SECONDS]
    p50, p99, worst = np.percentile(counted, [50, 99, 100]).tolist()
    return Latency(contender.name, rate, len(counted), p50, p99, worst, first_row)


def _send(sending: Sending, tail: Tail) -> None:
    """Lets another process send, and watches the file meanwhile."""
    producer = subprocess.Popen(
        [sys.executable, "-m", "streamreg._bench.sender"], stdin=subprocess.PIPE
    )
    with producer:
        if producer.stdin is not None:
            producer.stdin.write(sending.text().encode())
            producer.stdin.close()
        while producer.poll() is None:
            tail.look()
    if producer.returncode:
        raise StreamregError("the producer of the measured messages failed")


def _wait(
    tail: Tail,
    rows: int,
    process: subprocess.Popen[bytes],
    seconds: float,
    contender: Contender,
    folder: Path,
    job: Job,
) -> None:
    """Returns when the file has so many rows."""
    deadline = time.monotonic() + seconds
    size = -1
    while True:
        before, size = size, tail.look()
        if size != before and tail.rows() >= rows:
            return
        if process.poll() is not None:
            raise WrongError(f"{contender.name} failed:\n{complaint(folder, job)}")
        if time.monotonic() > deadline:
            raise BehindError(
                f"{contender.name}: {tail.rows():,} of {rows:,} rows are in the file {seconds:.0f} s after the last"
            )
