"""Demo: generated streams, to try a program without a broker."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streamreg._exceptions import ConfigurationError
from streamreg._source.contract import Range, Report
from streamreg._source.in_memory import InMemorySource
from streamreg._source.messages import Batch, Location

if TYPE_CHECKING:
    from streamreg._language.table import Table
    from streamreg._source.contract import Reader
    from streamreg._types import ColumnType

__all__ = ["noisy_linear_stream"]


def __dir__() -> list[str]:
    return __all__


_PARTITION = 0


def noisy_value(x: int, generator: random.Random) -> float:
    """The tutorial's point: x with a uniform error of up to a tenth."""
    return x + (2 * generator.random() - 1) / 10


def noisy_linear_stream(nb_rows: int = 10, input_rate: float = 1.0) -> Table:
    """A table of points near the line y = x, which arrive at a steady rate and then end.

    Args:
        nb_rows: number of points: x = 0, 1, …, nb_rows - 1.
        input_rate: points per second.

    Returns:
        A table with the columns x and y, both float; the same points in every run.

    Raises:
        ConfigurationError: if there is no point to make, or no rate to make them at.
    """
    if isinstance(nb_rows, bool) or not isinstance(nb_rows, int) or nb_rows < 1:
        raise ConfigurationError(f"nb_rows: expected a number of rows, found {nb_rows!r}")
    if not isinstance(input_rate, int | float) or not 0 < input_rate < float("inf"):
        raise ConfigurationError(f"input_rate: expected rows per second, found {input_rate!r}")
    # Late: a worker process, which imports this module for its source, needs no tables.
    from streamreg._formats.contract import Input
    from streamreg._formats.csv import Csv
    from streamreg._language.table import Table

    columns: dict[str, ColumnType] = {"x": "float", "y": "float"}
    source = PointSource(nb_rows, input_rate)
    return Table._from_input(Input(source, Csv(tuple(columns)), columns))


@dataclass
class PointSource(InMemorySource):
    """Source: the points of `noisy_linear_stream`, one partition of CSV messages."""

    rows: int
    rate: float
    name: str = "noisy_linear_stream"

    def lengths(self) -> dict[int, int]:
        return {_PARTITION: self.rows}

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        return _PointReader(self, ranges[_PARTITION])

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {}  # A point that is not due yet waits nowhere.


class _PointReader:
    """Makes each point when it is due."""

    def __init__(self, source: PointSource, points: Range) -> None:
        self._source = source
        self._next = points.start
        self._end = source.rows if points.end is None else points.end
        self._generator = random.Random(0)
        for x in range(self._next):
            noisy_value(x, self._generator)
        self._started = time.monotonic() - self._next / source.rate

    def read(self, timeout: float) -> Batch | None:
        due = self._started + self._next / self._source.rate - time.monotonic()
        if self._next >= self._end:
            due = timeout
        # The pace is what this source is for: it waits for its next point as a reader waits for a broker.
        time.sleep(min(max(due, 0.0), timeout))
        if due >= timeout:
            return None
        elapsed = time.monotonic() - self._started
        last = min(int(elapsed * self._source.rate) + 1, self._end)
        first, self._next = self._next, max(last, self._next + 1)
        values: list[bytes | None] = [
            f"{x},{noisy_value(x, self._generator)!r}".encode() for x in range(first, self._next)
        ]
        return Batch(
            values,
            {_PARTITION: (first, self._next)},
            locate=lambda index: Location(_PARTITION, first + index, None),
            partitions=lambda: itertools.repeat(_PARTITION, len(values)),
            offsets=lambda: range(first, first + len(values)),
        )

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {}

    def close(self) -> None:
        return
