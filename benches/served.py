"""What it costs to be looked at: throughput with and without, in turns within one run; or memory over time.

    python -m benches.served [--rows 96000000] [--rounds 5]
    python -m benches.served --soak 3600 [--rate 5000]

The first reads a topic of Apache Kafka to its end, again and again. Every few seconds somebody begins to look, or ends
it: a client that asks for what the page shows, at its pace, and scrapes; in further runs the page in a browser, which
takes processors of the same machine. It says how the rows a second compare; the goal is the client's. The second looks
at the memory of all processes of a demonstration with the page in a browser. Both need Debian's chromium, and a machine
that does nothing else.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from urllib.error import URLError

from benches.broker import apache_kafka
from benches.page_browser import PageBrowser
from benches.page_client import PageClient
from benches.visitor import Visitor
from streamreg._bench.contender import STREAMREG, Job, measure
from streamreg._bench.points import (
    NO_SUMS,
    Points,
    ResultValue,
    load,
    of_point,
    plus,
    solved,
)
from streamreg._demo.points import Format
from tests.support.kafka.listeners import free_ports

PARALLEL = 2
LEAST_RATIO = 0.97
MOST_GROWTH = 1.1
"""Memory at the end by that after the first quarter."""
_LOOK_SECONDS = 5.0
_BETWEEN_SECONDS = 0.25
_WAIT_SECONDS = 0.05
_DIFFERENT = 1_000_000
"""Points."""


def throughput(rows: int, rounds: int) -> bool:
    """Whether a run whose page is open is as fast as it is when nobody looks, but for 3 %."""
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    served = replace(STREAMREG, name="streamreg, served", listen=f"127.0.0.1:{port}")
    turns = {PageClient: Turns(url), PageBrowser: Turns(url)}
    points = Again(rows)
    with apache_kafka() as broker, broker.topic("served") as topic:
        load(broker.settings, topic, "csv", points.rows, points)
        settings = {**broker.settings, **broker.reading}
        job = Job(settings=settings, topic=topic, format="csv", rows=points.rows, parallel=PARALLEL)
        wanted = points.exact()
        for number in range(rounds):
            for who, found in turns.items():
                with who(url) as visitor, found.taken(visitor):
                    measure(served, job, wanted)
                print(f"round {number}, {who.__name__}: {found}", flush=True)
    print(f"at least {LEAST_RATIO} with PageClient is the goal")
    return turns[PageClient].ratio >= LEAST_RATIO


class Again:
    """The first million points again and again: what takes minutes to be read would take many times that to be made."""

    def __init__(self, least: int) -> None:
        """At least so many, and each as often as the others."""
        self._times = math.ceil(least / _DIFFERENT)
        self.rows = self._times * _DIFFERENT

    def messages(self, form: Format) -> Iterator[bytes]:
        """As message values."""
        return cycle(list(islice(Points().messages(form), _DIFFERENT)))

    def exact(self) -> ResultValue:
        """What the line of all of them must be."""
        sums = NO_SUMS
        for x, y in islice(Points().texts(), _DIFFERENT):
            sums = plus(sums, of_point(x, y))
        n, sx, sy, sxx, sxy = (self._times * each for each in sums)
        return solved((n, sx, sy, sxx, sxy))


class Turns:
    """Turns of runs while somebody looked at them, and while nobody did."""

    def __init__(self, url: str) -> None:
        """None yet."""
        self._url = url
        self._ratios: list[float] = []
        self._paces: dict[bool, list[float]] = {True: [], False: []}

    @property
    def ratio(self) -> float:
        """The rows a second that somebody looked at, by those of the turn next to it: the median."""
        return statistics.median(self._ratios) if self._ratios else math.nan

    def __str__(self) -> str:
        if not self._ratios:
            return "no turns: give it more rows"
        low, _, high = (
            statistics.quantiles(self._ratios, n=4) if self._ratios[1:] else (self.ratio,) * 3
        )
        looked, alone = (statistics.median(self._paces[looking]) for looking in (True, False))
        return (
            f"{looked:,.0f} rows/s looked at, {alone:,.0f} alone; of {len(self._ratios)} pairs of turns "
            f"the median {self.ratio:.3f}, half of them from {low:.3f} to {high:.3f}"
        )

    @contextlib.contextmanager
    def taken(self, visitor: Visitor) -> Iterator[None]:
        """Takes turns with a run, from when it reads to its end."""
        thread = threading.Thread(target=self._take, args=(visitor,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            visitor.ended.set()
            thread.join()

    def _take(self, visitor: Visitor) -> None:
        while self._now() is None and not visitor.ended.wait(_WAIT_SECONDS):
            pass
        visitor.ended.wait(visitor.SETTLE_SECONDS)
        before, other = None, None
        while not visitor.ended.wait(visitor.TURN_SECONDS if before else _WAIT_SECONDS):
            now = self._now()
            if before and now and now[0] > before[0]:
                pace = (now[0] - before[0]) / (now[1] - before[1])
                self._paces[visitor.looking.is_set()].append(pace)
                if other is not None:
                    self._ratios.append(pace / other if visitor.looking.is_set() else other / pace)
                other = pace
            if now:
                (visitor.looking.clear if visitor.looking.is_set() else visitor.looking.set)()
                # What begins or ends a turn belongs to neither.
                visitor.ended.wait(_BETWEEN_SECONDS)
                now = self._now()
            before = now

    def _now(self) -> tuple[int, float] | None:
        """The rows that were read, and when; None when nothing is read."""
        try:
            with urllib.request.urlopen(f"{self._url}/v1/status", timeout=10) as answer:
                status = json.load(answer)
        except OSError:
            return None
        at: float = status["unix"]
        return (status["rows"], at) if status["phase"] == "reading" and status["rows"] else None


def soak(seconds: int, rate: float) -> bool:
    """Whether the memory of a run that is looked at stays as it is."""
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "streamreg", "demo", "--listen", f"127.0.0.1:{port}"]
        command += ["--rate", str(rate), "--count", str(int(rate * (seconds + 60)))]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
            try:
                with PageBrowser(url) as visitor:
                    found = _watch(url, seconds)
                    print(f"{visitor.scraped} scrapes, {visitor.drawn} figures")
            finally:
                process.terminate()
    if not found:
        raise SystemExit(f"nothing was read within {seconds} s: give it more")
    quarter = len(found) // 4
    flat = True
    for role in found[-1]:
        warm, last = found[quarter][role], found[-1][role]
        flat &= last <= MOST_GROWTH * warm
        print(f"{role}: {warm / 1e6:.1f} MB after a quarter, {last / 1e6:.1f} MB at the end")
    return flat


def _watch(url: str, seconds: int) -> list[dict[str, int]]:
    """The memory of each process, every few seconds."""
    deadline = time.monotonic() + seconds
    found: list[dict[str, int]] = []
    while time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        try:
            with urllib.request.urlopen(f"{url}/v1/status", timeout=10) as answer:
                status = json.load(answer)
        except (URLError, ConnectionError):
            if found:
                raise
            continue
        if status["phase"] == "reading":
            found.append(status["memory_bytes"])
            shown = ", ".join(f"{role} {size / 1e6:.1f}" for role, size in found[-1].items())
            print(f"{status['rows']:,} rows, MB: {shown}", flush=True)
    return found


def main() -> None:
    """Measures, and ends with 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=96_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--soak", type=int, metavar="SECONDS")
    parser.add_argument("--rate", type=float, default=5000.0)
    arguments = parser.parse_args()
    if arguments.soak is not None:
        good = soak(arguments.soak, arguments.rate)
    else:
        good = throughput(arguments.rows, arguments.rounds)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
