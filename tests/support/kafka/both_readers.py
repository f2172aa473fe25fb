"""What a topic holds by each of the two readers of Kafka, and by one that hands over to the other."""

import random
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import streamreg as sr
from streamreg._core import HandOverError
from streamreg._kafka.native_reader import NativeReader
from streamreg._kafka.settings import ReaderChoice
from streamreg._kafka.source import KafkaSource
from streamreg._kafka.switching_reader import SwitchingReader
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Range, Reader, ToldOnce
from streamreg._source.messages import Batch

Seen = dict[tuple[int, int], tuple[object, ...]]
"""Partition and offset: all that a message carries."""


def ranges_of(source: KafkaSource) -> dict[int, Range]:
    """All that the topic holds now."""
    found = source.watermarks(pytest.fail, lambda: False)
    return {p: Range(each.low, each.high, untouched=True) for p, each in found.items()}


def messages(batch: Batch) -> Iterator[tuple[tuple[int, int], tuple[object, ...]]]:
    """Those of a batch, by each way in which they can be asked for."""
    places = zip(batch.partitions(), batch.offsets(), strict=True)
    for index, (value, place) in enumerate(zip(batch.values, places, strict=True)):
        at, carried = batch.locate(index), batch.envelope(index)
        assert (at.partition, at.offset) == place
        assert batch.values[index] == value
        yield (
            (at.partition, at.offset),
            (at.timestamp, carried.key, tuple(carried.headers), value),
        )


def read(reader: Reader, ranges: Mapping[int, Range]) -> tuple[Seen, set[tuple[int, int]]]:
    """The messages of these ranges, and the places of the first ones among them; each batch goes on where one ended."""
    next_offsets = {p: each.start for p, each in ranges.items()}
    seen: Seen = {}
    firsts: set[tuple[int, int]] = set()
    with closing(reader):
        while any(next_offsets[p] < each.end for p, each in ranges.items() if each.end is not None):
            batch = reader.read(0.5)
            if batch is None:
                continue
            found = list(messages(batch))
            firsts |= {found[index][0] for index in batch.firsts.values()}
            for (partition, offset), carried in found:
                start, end = batch.progress[partition]
                assert start <= offset < end
                assert (partition, offset) not in seen
                seen[partition, offset] = carried
            for partition, (start, end) in batch.progress.items():
                assert start == next_offsets[partition]
                next_offsets[partition] = end
            assert set(batch.leader_epochs) <= set(batch.progress)
    return seen, firsts


class HandsOver:
    """A native reader that gives up after some batches."""

    def __init__(self, native: NativeReader, batches: int) -> None:
        self._native = native
        self._batches = batches
        self.log_ends, self.close = native.log_ends, native.close

    def read(self, timeout: float) -> Batch | None:
        if not self._batches:
            raise HandOverError("it is told to")
        batch = self._native.read(timeout)
        self._batches -= batch is not None
        return batch


def by_both(
    settings: Mapping[str, str], topic: str, rng: random.Random
) -> dict[str, tuple[Seen, set[tuple[int, int]]]]:
    """Reads all, and parts of it, by both readers and by both in turns."""
    sources = {
        name: KafkaSource({**settings}, Topics((topic,)), "static", 0, name)
        for name in ("client", "native")
    }
    for source in sources.values():
        assert source.pin(None, pytest.fail, lambda: False)
    told: list[str] = []

    def native(ranges: Mapping[int, Range]) -> Reader:
        return sources["native"].native_reader(ranges)

    def client(ranges: Mapping[int, Range]) -> Reader:
        return sources["client"].reader(ranges, pytest.fail)

    def hands_over(ranges: Mapping[int, Range]) -> Reader:
        return HandsOver(sources["native"].native_reader(ranges), rng.randint(0, 2))

    try:
        whole = ranges_of(sources["native"])
        parts = {
            p: Range(low, rng.randint(low, each.end or 0), untouched=True)
            for p, each in whole.items()
            for low in [rng.randint(each.start, each.end or 0)]
        }
        in_turns = SwitchingReader(topic, whole, hands_over, client, told.append, again=0.0)
        return {
            "before": read(client(whole), whole),
            "native": read(native(whole), whole),
            "in turns": read(in_turns, whole),
            "native part": read(native(parts), parts),
            "client part": read(client(parts), parts),
            "after": read(client(whole), whole),
        }
    finally:
        assert len({line.about for line in told if isinstance(line, ToldOnce)}) <= 1
        for source in sources.values():
            source.close()


class Number(sr.Schema):
    """What some of the messages hold."""

    x: float


def rows_and_rejects(
    settings: Mapping[str, str], topic: str, reader: ReaderChoice
) -> tuple[list[str], list[str]]:
    """What a run by this reader makes of the topic: rows, and dead letters with all that they carry."""
    with TemporaryDirectory() as folder:
        rows, rejects = Path(folder) / "rows.csv", Path(folder) / "rejects.jsonl"
        t = sr.io.kafka.read(
            dict(settings), topic, schema=Number, format="json", mode="static", reader=reader
        )
        sr.io.csv.write(t, rows)
        try:
            sr.run(processes=0, rejects=rejects)
        finally:
            sr.clear()
        # Without their times, which are those of epochs.
        values = [line.split(",")[0] for line in rows.read_text().splitlines()[1:]]
        return sorted(values), sorted(rejects.read_text().splitlines())


def assert_same(settings: Mapping[str, str], topic: str, rng: random.Random) -> Seen:
    """Both readers find the same in a log that nothing changes meanwhile; returns all that is in it."""
    found = by_both(settings, topic, rng)
    while found["before"] != found["after"]:  # The broker compacts: it ends, as nobody writes.
        found = by_both(settings, topic, rng)
    assert found["native"] == found["before"]
    assert found["in turns"] == found["before"]
    assert found["native part"] == found["client part"]
    by_client = rows_and_rejects(settings, topic, "client")
    assert by_client == rows_and_rejects(settings, topic, "native")
    with pytest.MonkeyPatch.context() as patch:
        native = KafkaSource.native_reader

        def hands_over(source: KafkaSource, ranges: Mapping[int, Range]) -> Reader:
            return HandsOver(native(source, ranges), rng.randint(0, 2))

        patch.setattr(KafkaSource, "native_reader", hands_over)
        patch.setattr("streamreg._kafka.source.SwitchingReader", partial(SwitchingReader, again=0))
        assert by_client == rows_and_rejects(settings, topic, "native")
    assert sum(map(len, by_client)) == len(
        [1 for each in found["before"][0].values() if each[3] is not None]
    )
    return found["before"][0]
