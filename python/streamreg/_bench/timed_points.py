"""Bench: points of a thousand sensors with their times: what windows are measured on, and what each must give."""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from streamreg._bench.points import (
    LOADING,
    NO_SUMS,
    Points,
    ResultValue,
    Settings,
    Sums,
    of_point,
    plus,
    solved,
)
from streamreg._dataclass import dataclass
from streamreg._demo.points import Format
from streamreg._kafka.producer import TopicWriter

SENSORS = 1000
MINUTE = 60_000
"""Times are milliseconds; a thousand rows a second come, so one of each sensor."""
_START = MINUTE * 29_333_334
_PAUSE = 120 * MINUTE
"""After it each sensor has one more row, so that all windows before it close, whatever closes them."""
_FLUSH_SECONDS = 60.0

Window = tuple[str, str]
"""The sensor, and the start as a file has it; no start for what is of all times."""


class Row(NamedTuple):
    """One message; numbers of 6 digits, as text."""

    at: int
    sensor: int
    x: str
    y: str

    @property
    def name(self) -> str:
        """That of the sensor."""
        return f"s{self.sensor:03}"

    def message(self, form: Format) -> bytes:
        """As message value."""
        if form == "json":
            text = f'{{"at":{self.at},"sensor":"{self.name}","x":{self.x},"y":{self.y}}}'
        else:
            text = f"{self.at},{self.name},{self.x},{self.y}"
        return text.encode()


def rows_sent(rows: int) -> int:
    """How many messages a topic of so many rows has, with those that come after the pause."""
    return rows + SENSORS


def timed(rows: int) -> Iterator[Row]:
    """The rows in the order of their times, then those after the pause; the same in every run."""
    chosen = random.Random(13).randrange
    texts = ((x[:8], y[:8]) for x, y in Points().texts())
    for index, (x, y) in enumerate(islice(texts, rows)):
        yield Row(_START + index, chosen(SENSORS), x, y)
    for sensor, (x, y) in enumerate(islice(texts, SENSORS)):
        yield Row(_START + rows + _PAUSE, sensor, x, y)


@dataclass(frozen=True, kw_only=True)
class Windowing:
    """Windows over the times, in milliseconds."""

    hop: int = MINUTE
    duration: int = MINUTE
    final: bool = True
    """Whether a window is written once, when it has closed; otherwise as soon as it holds a row, then updated."""


@dataclass(frozen=True)
class WindowValues:
    """What a contender must come to: a line for each window, but for those of the rows after the pause."""

    rows: int
    lines: Mapping[Window, ResultValue]
    last: int
    """The time of the last row before the pause: windows that start after it do not count."""

    def mistake(self, path: Path, exact: bool) -> str | None:
        """What is wrong with the rows of a file; None if nothing is."""
        found: set[Window] = set()
        for (window, line), times in self._current(path).items():
            wanted = self.lines.get(window)
            if times and (wanted is None or not _right(line, wanted, exact)):
                return f"the window {window} has {line}, not {wanted}"
            if times not in (0, 1) or (times and window in found):
                return f"the window {window} has {line} {times} times or beside another line"
            if times:
                found.add(window)
        missing = self.lines.keys() - found
        return f"{len(missing)} of {len(self.lines)} windows are missing" if missing else None

    def _current(self, path: Path) -> Counter[tuple[Window, ResultValue]]:
        """How often each line is there, less how often it was taken back."""
        left: Counter[tuple[Window, ResultValue]] = Counter()
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                start = row.get("window_start", "")
                if not start or int(start) <= self.last:
                    line = ResultValue(int(row["n"]), float(row["intercept"]), float(row["x"]))
                    left[(row["sensor"], start), line] += int(row["diff"])
        return left


def _right(found: ResultValue, wanted: ResultValue, exact: bool) -> bool:
    """Doubles that are summed in another order may differ in their last digits."""
    if found == wanted:
        return True
    near = abs(found.intercept - wanted.intercept) < 1e-6 and abs(found.slope - wanted.slope) < 1e-6
    return not exact and found.rows == wanted.rows and near


def exact_windows(rows: int, windowing: Windowing | None) -> WindowValues:
    """The least-squares line of each window that holds a row, in integers, rounded once; of each sensor, if None.

    Raises:
        ValueError: If the windows do not begin and end with minutes.
    """
    panes: dict[int, dict[int, Sums]] = defaultdict(dict)
    for row in timed(rows):
        own, pane = panes[row.sensor], row.at // MINUTE
        own[pane] = plus(own.get(pane, NO_SUMS), of_point(row.x, row.y))
    last = _START + rows - 1
    lines: dict[Window, ResultValue] = {}
    for sensor, own in panes.items():
        name = Row(0, sensor, "", "").name
        if windowing is None:
            lines[name, ""] = solved(_sum(own, own))
        else:
            for start, sums in _windows(own, windowing, last):
                lines[name, str(start)] = solved(sums)
    return WindowValues(rows_sent(rows), lines, last)


def _windows(
    panes: Mapping[int, Sums], windowing: Windowing, last: int
) -> Iterator[tuple[int, Sums]]:
    """The start and the sums of each window of a sensor that starts no later than the last row before the pause."""
    hop, size = windowing.hop // MINUTE, windowing.duration // MINUTE
    if (hop * MINUTE, size * MINUTE) != (windowing.hop, windowing.duration):
        raise ValueError("windows begin and end with minutes")
    # From the first that holds the first row on; starts are multiples of the hop.
    first = ((min(panes) - size) // hop + 1) * hop
    for start in range(first, last // MINUTE + 1, hop):
        if held := panes.keys() & range(start, start + size):
            yield start * MINUTE, _sum(panes, held)


def _sum(panes: Mapping[int, Sums], held: Iterable[int]) -> Sums:
    total = NO_SUMS
    for pane in held:
        total = plus(total, panes[pane])
    return total


def load_timed(settings: Settings, topic: str, form: Format, rows: int) -> None:
    """Sends the rows to an empty topic, by sensor to its partitions, with that as key; without a header.

    Raises:
        DeliveryError: If a message was not delivered.
    """
    writer = TopicWriter({**LOADING, **settings}, topic)
    try:
        for row in timed(rows):
            partition = row.sensor % writer.partitions
            writer.send_message(row.message(form), row.name.encode(), (), partition)
        writer.finish(_FLUSH_SECONDS)
    finally:
        writer.close()
