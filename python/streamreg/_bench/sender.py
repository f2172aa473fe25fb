"""Bench: a producer, as a process of its own, of messages that hold the time at which they were made.

`x` is the time at which a message was handed to the client, in seconds since 1970, `y` its number.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count

from streamreg._bench.points import Settings
from streamreg._dataclass import dataclass
from streamreg._demo.points import Format, Plan, generate
from streamreg._kafka.producer import TopicWriter


@dataclass(frozen=True, kw_only=True)
class Sending:
    """What is sent where."""

    settings: Settings
    topic: str
    rate: float
    rows: int

    def text(self) -> str:
        """For the standard input of the process."""
        return json.dumps(asdict(self))


class Stamped:
    """Points whose x is the time."""

    def messages(self, form: Format) -> Iterator[bytes]:
        """Made as they are asked for, which is just before they are sent."""
        now = time.time
        return (b'{"x":%b,"y":%d}' % (repr(now()).encode(), number) for number in count())


def send(sending: Sending) -> None:
    """Sends at a steady rate, in turn to the partitions; returns when the broker has all."""
    # At a slow rate each message leaves at once; at a fast one the client gathers as it does by default.
    linger = {"linger.ms": 0} if sending.rate < 1000 else {}
    writer = TopicWriter({**linger, **sending.settings}, sending.topic)
    try:
        plan = Plan(form="json", rate=sending.rate, count=sending.rows, partition=None)
        generate(writer, Stamped(), plan)
    finally:
        writer.close()


if __name__ == "__main__":
    send(Sending(**json.load(sys.stdin)))
