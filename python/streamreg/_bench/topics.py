"""Bench: topics as brokers have them, compressed, of small batches or wide messages: how fast they are read by whom."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from functools import partial

from streamreg._bench.broker import Broker
from streamreg._bench.contender import SPARED, STREAMREG, Contender
from streamreg._bench.points import Points, ResultValue, Settings, Tell, exact, load
from streamreg._bench.throughput import Case, take_turns
from streamreg._dataclass import dataclass
from streamreg._demo.points import Format, Stream

PARALLEL = (1, 2)
BY_CLIENT = replace(STREAMREG, name="streamreg, by the client", reader="client")
_FILLER = 100
"""Characters of each field that nobody reads."""


class WidePoints:
    """The same points as JSON objects of ten fields and about a kilobyte, of which two fields are read."""

    def messages(self, form: Format) -> Iterator[bytes]:
        """The points as message values; of JSON alone."""
        filler = random.Random(7).randbytes(_FILLER // 2).hex()
        front = "".join(f'"before{n}":"{filler}",' for n in range(4))
        back = "".join(f',"after{n}":"{filler}"' for n in range(4))
        return (f'{{{front}"x":{x},"y":{y}{back}}}'.encode() for x, y in Points().texts())


@dataclass(frozen=True)
class Topic:
    """A topic to be read."""

    name: str
    form: Format
    points: Stream = field(default_factory=Points)
    producing: Settings = field(default_factory=dict)
    """How its producer is set."""
    share: int = 1
    """It has so many times fewer rows than the others."""


TOPICS = (
    Topic("csv", "csv"),
    Topic("json", "json"),
    Topic("lz4", "csv", producing={"compression.type": "lz4"}),
    Topic("zstd", "csv", producing={"compression.type": "zstd"}),
    # As many producers send that do not wait: a batch of the broker's log holds a few messages.
    Topic("batches of 5", "csv", producing={"batch.num.messages": 5}, share=2),
    Topic("1 kB of json", "json", points=WidePoints(), share=4),
)


@dataclass(frozen=True)
class Read:
    """All runs on one topic."""

    topic: Topic
    cases: Sequence[Case]


def topics(broker: Broker, rows: int, rounds: int, tell: Tell) -> list[Read]:
    """Loads each topic and lets the readers take turns on it.

    Raises:
        WrongError: If one of ours fails or comes to a wrong result.
    """
    contenders: list[Contender] = [SPARED, BY_CLIENT, STREAMREG]
    found = []
    for each in TOPICS:
        result = exact(rows // each.share)
        wanted = partial(_all, result)
        cases: list[Case] = []
        with broker.topic(each.form) as topic:
            tell(f"loading {result.rows:,} messages: {each.name}")
            settings = {**broker.settings, **each.producing}
            load(settings, topic, each.form, result.rows, each.points)
            for parallel in PARALLEL:
                cases += take_turns(
                    broker,
                    topic,
                    each.form,
                    parallel,
                    wanted,
                    contenders,
                    rounds,
                    {},
                    tell,
                )
        found.append(Read(each, cases))
    return found


def _all(result: ResultValue, _: Contender) -> ResultValue:
    """What each of them must come to."""
    return result
