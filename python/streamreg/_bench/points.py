"""Bench: the points of a topic that is measured, and the result that they must give."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import islice

from streamreg._dataclass import dataclass
from streamreg._demo.points import Format, Plan, Stream, generate
from streamreg._kafka.producer import TopicWriter

Settings = Mapping[str, str | int | float | bool]
"""What a Kafka client is given."""
Tell = Callable[[str], None]
"""Told what goes on."""

# A batch for the broker holds thousands of messages, as a busy producer's do.
LOADING: Settings = {"linger.ms": 50, "batch.size": 1_000_000}
_UNIT = 2**56
"""A double from 0.1 up to 1 is a whole number of these parts of one."""


class Points:
    """Points about a line. A CSV message of them has 37 bytes: two numbers of 16 digits."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """Each number as text, from 0.1 up to 1; the same in every run."""
        uniform = random.Random(5).random
        while True:
            x = uniform()
            yield f"{0.1 + 0.89 * x:.16f}", f"{0.1 + 0.45 * x + 0.4 * uniform():.16f}"

    def messages(self, form: Format) -> Iterator[bytes]:
        """The points as message values."""
        if form == "json":
            return (f'{{"x":{x},"y":{y}}}'.encode() for x, y in self.texts())
        return (f"{x},{y}".encode() for x, y in self.texts())


@dataclass(frozen=True)
class ResultValue:
    """What a contender must come to."""

    rows: int
    intercept: float
    slope: float


def exact(rows: int) -> ResultValue:
    """The least-squares line of the first points, in integers, rounded once."""
    sums = NO_SUMS
    for text_x, text_y in islice(Points().texts(), rows):
        sums = plus(sums, of_point(text_x, text_y))
    return solved(sums)


Sums = tuple[int, int, int, int, int]
"""Of some points: how many, the sums of x, of y, of x squared and of x times y, in parts of one and their squares."""
NO_SUMS: Sums = (0, 0, 0, 0, 0)


def of_point(text_x: str, text_y: str) -> Sums:
    """Those of one point."""
    x, y = int(float(text_x) * _UNIT), int(float(text_y) * _UNIT)
    return 1, x, y, x * x, x * y


def plus(one: Sums, other: Sums) -> Sums:
    """Those of both."""
    n, sx, sy, sxx, sxy = one
    m, tx, ty, txx, txy = other
    return n + m, sx + tx, sy + ty, sxx + txx, sxy + txy


def solved(sums: Sums) -> ResultValue:
    """The least-squares line, rounded once; zeros if it is not determined."""
    n, sx, sy, sxx, sxy = sums
    d = n * sxx - sx * sx
    if not d:
        return ResultValue(n, 0.0, 0.0)
    intercept = Fraction(sy * sxx - sx * sxy, d) / _UNIT
    return ResultValue(n, float(intercept), float(Fraction(n * sxy - sx * sy, d)))


def load(
    settings: Settings, topic: str, form: Format, rows: int, points: Stream | None = None
) -> None:
    """Sends the points to an empty topic, in turn to its partitions; for CSV the header first.

    Raises:
        DeliveryError: If a message was not delivered.
    """
    writer = TopicWriter({**LOADING, **settings}, topic)
    try:
        plan = Plan(form=form, rate=0, count=rows, partition=None)
        generate(writer, points or Points(), plan)
    finally:
        writer.close()
