"""Demo: a stream of noisy points on a line, as messages at a steady rate: what `generate` sends."""

import math
import random
import time
from collections.abc import Callable, Iterator
from itertools import count as integers
from itertools import islice
from typing import Literal, Protocol, get_args

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._kafka.producer import TopicWriter

Format = Literal["csv", "json"]
"""What can be written here."""

FORMATS: tuple[Format, ...] = get_args(Format)

HEADER = b"x,y"
_BATCH = 1000
_STOP_SECONDS = 5.0  # what an interrupted producer waits for its last messages
_FLUSH_SECONDS = 60.0


class Stream(Protocol):
    """What can be sent."""

    def messages(self, form: Format) -> Iterator[bytes]:
        """Message values, without end; each is asked for just before it is sent."""


@dataclass(frozen=True, kw_only=True)
class NoisyLine:
    """The points (0, y0), (1, y1), … with y = intercept + slope * x + noise."""

    slope: float = 1.0
    intercept: float = 0.0
    noise: float = 0.1
    """The noise is uniform between minus and plus this."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            ConfigurationError: If one is not finite, or the noise is negative.
        """
        for name in ("slope", "intercept", "noise"):
            if not math.isfinite(getattr(self, name)):
                raise ConfigurationError(f"{name}: must be finite")
        if self.noise < 0:
            raise ConfigurationError("noise: must not be negative")

    def points(self) -> Iterator[tuple[int, float]]:
        """The points, without end; equal lines give the same bits.

        Raises:
            ConfigurationError: If y leaves the range of doubles.
        """
        uniform = random.Random(self.seed).random
        slope, intercept, noise = self.slope, self.intercept, self.noise
        # The tutorial writes (2 * random() - 1) / 10. Multiplying by 0.1 instead would give other
        # bits; dividing by 1 / noise gives these, as 1 / 0.1 is 10 exactly in doubles.
        divisor = 1 / noise if noise else math.inf
        for x in integers():
            y = (intercept + slope * x) + (2 * uniform() - 1) / divisor
            if not math.isfinite(y):
                raise ConfigurationError(f"slope: y leaves the range of doubles at x = {x}")
            yield x, y

    def messages(self, form: Format) -> Iterator[bytes]:
        """The points as message values: floats in shortest form that reads back the same."""
        if form == "json":
            return (b'{"x": %d, "y": %b}' % (x, repr(y).encode()) for x, y in self.points())
        return (b"%d,%b" % (x, repr(y).encode()) for x, y in self.points())


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the messages are sent."""

    form: Format = "csv"
    rate: float = 1.0
    """Messages a second; 0: as fast as the client sends."""
    count: int = 10
    """Points in all; 0: until stopped."""
    partition: int | None = 0
    """Where they go; None: to all partitions in turn."""
    header: bool = True
    """Whether a CSV topic without messages gets its header first."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            ConfigurationError: If one is negative or not finite.
        """
        if not math.isfinite(self.rate) or self.rate < 0:
            raise ConfigurationError("rate: must be 0 or more messages a second")
        if self.count < 0:
            raise ConfigurationError("count: must be 0 or more points")
        if self.partition is not None and self.partition < 0:
            raise ConfigurationError("partition: must be 0 or more")


def _never() -> bool:
    return False


def generate(
    writer: TopicWriter, line: Stream, plan: Plan, stopping: Callable[[], bool] = _never
) -> int:
    """Sends the points, and returns when all are delivered.

    Args:
        writer: The topic.
        line: The points.
        plan: How they are sent.
        stopping: Once it says so, no more are sent; those sent already are still waited for.

    Returns:
        How many points the broker has confirmed.

    Raises:
        ConfigurationError: If the topic lacks the partition.
        DeliveryError: If a message could not be delivered.
    """
    partitions = range(writer.partitions) if plan.partition is None else [plan.partition]
    if partitions[-1] >= writer.partitions:
        raise ConfigurationError(
            f"partition: {plan.partition} is not there; the topic has {writer.partitions}, from 0"
        )
    headers = 0
    if plan.form == "csv" and plan.header and writer.is_empty():
        # The first message of a topic names its columns. Where several partitions are written to,
        # each starts with it: a reader may come upon any of them first.
        headers = len(partitions)
        for partition in partitions:
            writer.send(partition, [HEADER])
        # Waiting here keeps a point of one partition from being read before every header is there.
        writer.finish(_FLUSH_SECONDS)
    _send_points(writer, line.messages(plan.form), plan, partitions, stopping)
    # More time than a message has before the client itself gives it up.
    return writer.finish(_STOP_SECONDS if stopping() else _FLUSH_SECONDS) - headers


def _send_points(
    writer: TopicWriter,
    messages: Iterator[bytes],
    plan: Plan,
    partitions: range | list[int],
    stopping: Callable[[], bool],
) -> None:
    sent = 0
    start = time.monotonic()
    while not stopping() and (plan.count == 0 or sent < plan.count):
        size = _BATCH
        if plan.rate:
            # Message i is due at start + i / rate whatever happened before, so nothing drifts.
            size = min(size, int((time.monotonic() - start) * plan.rate) + 1 - sent)
            if size <= 0:
                pause = start + sent / plan.rate - time.monotonic()
                # Not below the client's own millisecond, and short enough to be asked soon.
                writer.wait(min(max(pause, 0.001), 0.1))
                continue
        if plan.count:
            size = min(size, plan.count - sent)
        values = list(islice(messages, size))
        for place, partition in enumerate(partitions):
            # Point i goes to partition i modulo their number: values[0] is point `sent`.
            if share := values[(place - sent) % len(partitions) :: len(partitions)]:
                writer.send(partition, share)
        sent += size
