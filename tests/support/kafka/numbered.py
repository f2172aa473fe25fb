"""A numbered stream: messages known from their numbers alone, and what they must have become.

The rows are `seq,x,y` with x and y derived from seq, spread at random over the partitions. Between them stand
messages that are no rows, and tombstones.
"""

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path

from confluent_kafka import KafkaError, Message, Producer

from tests.support.kafka.outputs import Change, read_changelog, read_rejects
from tests.support.scored import Model, check

PARTITIONS = 4
HEADER = "seq,x,y"
INPUT, COEFFICIENTS, REJECTS = "input.csv", "coefficients.csv", "rejects.jsonl"
SCORES, SCORED_OF = "scores.csv", 16
"""Where one row of so many stands with its scores, if they are asked for."""

_EPOCH_MS = 1_700_000_000_000
_UNIT = 1024


def integers(seq: int) -> tuple[int, int]:
    """x, and y in units of 1/1024: the usual formula in doubles is worthless for these."""
    return _EPOCH_MS + seq, 2 * _UNIT * seq + seq * 7919 % 2003


def row(seq: int) -> tuple[float, float, float]:
    x, y = integers(seq)
    return float(seq), float(x), y / _UNIT


def message(seq: int) -> bytes:
    number, x, y = row(seq)
    return f"{number:.0f},{x!r},{y!r}".encode()


class Stream:
    """Writes the stream, at a steady pace, in a thread of its own, while the `with` block lasts."""

    def __init__(
        self, settings: Mapping[str, str], topic: str, seed: int, *, per_second: int = 1500
    ) -> None:
        self.rows = 0
        self._topic = topic
        self._chance = random.Random(seed)
        self._per_second = per_second
        self._junk: list[tuple[int, int]] = []
        self._junk_sent = 0
        self._errors: list[KafkaError] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self._producer = Producer(
            {
                **settings,
                "enable.idempotence": True,  # a broker's death must not double what is sent
                "linger.ms": 5,
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            }
        )

    def __enter__(self) -> "Stream":
        # In half of the partitions, so that the others begin with a row.
        for partition in range(0, PARTITIONS, 2):
            self._send(HEADER.encode(), partition)
        assert self._producer.flush(60) == 0
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def finish(self) -> None:
        """Ends the stream: every message of it is in the topic, once."""
        self._done.set()
        self._thread.join()
        left = self._producer.flush(120)
        assert left == 0, f"{left} messages were not delivered"
        assert not self._errors, self._errors[0]
        assert len(self._junk) == self._junk_sent

    @property
    def junk(self) -> Sequence[tuple[int, int]]:
        """Partition and offset of each message that is no row."""
        return sorted(self._junk)

    def _write(self) -> None:
        pause = 0.01
        while not self._done.wait(pause):
            for _ in range(int(self._per_second * pause)):
                self._write_one()
            self._producer.poll(0)

    def _write_one(self) -> None:
        partition = self._chance.randrange(PARTITIONS)
        kind = self._chance.random()
        if kind < 0.02:
            self._junk_sent += 1
            self._send(self._chance.choice([b"junk", b"1,2", b"\xff,0,0"]), partition, self._note)
        elif kind < 0.03:
            self._send(None, partition)
        self._send(message(self.rows), partition)
        self.rows += 1

    def _send(self, value: bytes | None, partition: int, then: object = None) -> None:
        self._producer.produce(
            self._topic,
            value,
            partition=partition,
            on_delivery=then or self._note_error,  # type: ignore[arg-type]  # one of two methods
        )

    def _note(self, error: KafkaError | None, message: Message) -> None:
        self._note_error(error, message)
        self._junk.append((message.partition() or 0, message.offset() or 0))

    def _note_error(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._errors.append(error)


def rows_so_far(folder: Path) -> int:
    """Whole rows in the file, committed or not."""
    path = folder / INPUT
    if not path.exists():
        return 0
    with path.open("rb") as file:
        lines = sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))
    return max(lines - 1, 0)


def verify(folder: Path, count: int, junk: Sequence[tuple[int, int]] = ()) -> int:
    """Raises AssertionError unless the outputs tell of the first `count` rows, once and exactly; returns the epochs.

    `junk` is what must have been rejected.
    """
    rows = read_changelog(folder / INPUT, ["seq", "x", "y"])
    assert all(change.diff == 1 for change in rows)
    assert sorted(change.row for change in rows) == [row(seq) for seq in range(count)]
    epochs = [time for time, _ in groupby(change.time for change in rows)]
    assert epochs == list(range(len(epochs))), "the times have a gap, or go back"
    assert read_changelog(folder / COEFFICIENTS, ["a", "b"]) == list(_results(rows))
    assert sorted(read_rejects(folder / REJECTS)) == list(junk)
    return len(epochs)


def verify_scores(folder: Path, count: int) -> None:
    """Raises AssertionError unless of the first `count` rows those are scored that should be, once and exactly."""
    scored = check(folder / SCORES, Model("y", ["x"]), "seq", "x", "y")
    assert sorted(int(change.row[0]) for change in scored) == list(range(0, count, SCORED_OF))


def _results(rows: Sequence[Change]) -> Iterator[Change]:
    """The one true changelog of the regression over these rows, by integers."""
    n = sum_x = sum_y = sum_xx = sum_xy = 0
    standing: tuple[float, float] | None = None
    for time, group in groupby(rows, key=lambda change: change.time):
        for change in group:
            x, y = integers(int(change.row[0]))
            n, sum_x, sum_y = n + 1, sum_x + x, sum_y + y
            sum_xx, sum_xy = sum_xx + x * x, sum_xy + x * y
        determinant = n * sum_xx - sum_x * sum_x
        result = (0.0, 0.0)
        if determinant:
            a = Fraction(sum_y * sum_xx - sum_x * sum_xy, determinant * _UNIT)
            b = Fraction(n * sum_xy - sum_x * sum_y, determinant * _UNIT)
            result = (float(a), float(b))
        if result != standing:
            if standing is not None:
                yield Change(standing, time, -1)
            yield Change(result, time, 1)
            standing = result
