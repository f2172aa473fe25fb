"""Serve, metrics: the run for Prometheus, by its conventions: base units, `_total` for what only grows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from starlette.requests import Request
from starlette.responses import Response

from streamreg._rejects.dead_letters import REASONS
from streamreg._serve.endpoint import Endpoint
from streamreg._serve.feed import Feed
from streamreg._serve.health import readiness, turn_age
from streamreg._serve.memory import resident, stored
from streamreg._serve.snapshot import BOUNDS, Durations, Snapshot
from streamreg._sinks.cells import cells_of, value_of
from streamreg._state.program_data import WINDOWS

if TYPE_CHECKING:
    from streamreg._serve.table import CurrentTable

MOST_KEYS: Final = 100
"""Rows of a table whose numbers are metrics, the first in the order of their keys, of windows those that end last: each
is a series of its own."""

_NUMBERS: Final = ("float", "int", "decimal")


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """That of metrics."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RunCollector(feed))

    async def metrics(request: Request) -> Response:
        for table in feed.tables.values():
            await table.settle()
        try:
            encode, kind = choose_encoder(request.headers.get("accept", ""))
        except (TypeError, ValueError):  # It asks for a version that is no number.
            encode, kind = choose_encoder("")
        return Response(encode(registry), headers={"content-type": kind})

    return (
        Endpoint(
            "/metrics",
            metrics,
            f"Metrics for Prometheus. Of a table with keys the numbers of the first {MOST_KEYS} rows are among "
            "them, of one of windows those that end last.",
            kind="text/plain",
            always=True,
        ),
    )


class RunCollector:
    """Makes metrics of what the feed knows, when they are asked for."""

    def __init__(self, feed: Feed) -> None:
        """Of this feed."""
        self._feed = feed

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on the run."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All metrics of this moment."""
        now = self._feed.snapshot
        if now is None:
            return
        yield InfoMetricFamily(
            "streamreg_run",
            "What runs.",
            value={"topic": now.topic, "version": version("streamreg"), "phase": now.phase},
        )
        # A counter that fell to 0 meanwhile would count all of the state's rows again.
        if now.known:
            yield from _counts(now)
            yield from _partitions(now)
            yield from _durations(now)
        yield from _processes(now, stored(self._feed.layout.state))
        yield from _engine(now)
        yield from _times(now, turn_age(self._feed))
        yield GaugeMetricFamily(
            "streamreg_ready",
            "Whether the run reads, and knows its lag: what /readyz says.",
            value=readiness(self._feed)["ready"],
        )
        yield _outputs(now)
        yield from _results(self._feed)


def _counts(now: Snapshot) -> Iterator[Metric]:
    for name, text, value in (
        ("rows", "Rows that were read, by this run and the earlier ones of its state.", now.rows),
        ("epochs", "Epochs with rows that were closed.", now.epochs),
        ("tombstones", "Messages without a value.", now.tombstones),
        (
            "excluded_rows",
            "Rows left out of sums: a value was missing or not finite.",
            now.excluded,
        ),
        ("lost_offsets", "Offsets that were deleted before they were read.", now.lost),
        ("worker_restarts", "Workers started in the place of dead ones.", now.worker_restarts),
    ):
        yield CounterMetricFamily(f"streamreg_{name}", text, value=value)
    rejects = CounterMetricFamily(
        "streamreg_rejects", "Messages that did not fit, by reason.", labels=["reason"]
    )
    # All reasons from 0 on: the increase of a series that begins with its first rejects leaves them out.
    for reason in sorted({*REASONS, *now.rejects}):
        rejects.add_metric([reason], now.rejects.get(reason, 0))
    yield rejects


def _partitions(now: Snapshot) -> Iterator[Metric]:
    names = ["topic", "partition"]
    offsets = GaugeMetricFamily(
        "streamreg_partition_offset", "Offset of the next message.", labels=names
    )
    ends = GaugeMetricFamily(
        "streamreg_partition_log_end_offset", "Where the log ends.", labels=names
    )
    lags = GaugeMetricFamily(
        "streamreg_partition_lag_messages", "Messages that wait.", labels=names
    )
    for partition, offset in sorted(now.offsets.items()):
        name, number = now.place(partition)
        labels = [now.topic, name] if number is None else [name, str(number)]
        offsets.add_metric(labels, offset)
        lag = now.lag(partition)
        if lag is not None:
            ends.add_metric(labels, now.log_ends[partition])
            lags.add_metric(labels, lag)
    yield from (offsets, ends, lags)


def _durations(now: Snapshot) -> Iterator[Metric]:
    yield _histogram(
        "streamreg_epoch_duration_seconds",
        "How long it took to close an epoch: solve, write, flush, save.",
        now.epoch_seconds,
    )
    yield _histogram(
        "streamreg_checkpoint_duration_seconds",
        "How long it took to save a checkpoint.",
        now.checkpoint_seconds,
    )


def _histogram(name: str, text: str, found: Durations) -> Metric:
    buckets: list[tuple[str, float]] = []
    below = 0
    for bound, count in zip((*BOUNDS, float("inf")), found.counts, strict=True):
        below += count
        buckets.append(("+Inf" if bound == float("inf") else repr(bound), below))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=found.total)


def _processes(now: Snapshot, size: int | None) -> Iterator[Metric]:
    memory = GaugeMetricFamily(
        "streamreg_process_resident_memory_bytes", "Memory of each process.", labels=["process"]
    )
    for role, held in resident(now.processes).items():
        memory.add_metric([role], held)
    yield memory
    readers = GaugeMetricFamily(
        "streamreg_reader_in_use",
        "Which reader has read the last messages of a worker.",
        labels=["worker", "reader"],
    )
    for worker, reader in sorted(now.readers.items()):
        readers.add_metric([str(worker), reader], 1)
    yield readers
    if size is not None:
        yield GaugeMetricFamily(
            "streamreg_checkpoint_size_bytes", "What the files of the state take.", value=size
        )


def _engine(now: Snapshot) -> Iterator[Metric]:
    engine = now.engine
    if engine is None:
        return
    yield SummaryMetricFamily(
        "streamreg_engine_batch_duration_seconds",
        "How long batches of the engine took, from their start to the last result of a task.",
        count_value=engine.batches,
        sum_value=engine.seconds,
    )
    yield GaugeMetricFamily(
        "streamreg_engine_ranges", "Ranges of offsets in the last batch.", value=engine.ranges
    )
    yield GaugeMetricFamily(
        "streamreg_engine_executors", "Processes that work for the engine.", value=engine.executors
    )


def _times(now: Snapshot, age: float | None) -> Iterator[Metric]:
    for name, text, moment in (
        ("start", "When the run began.", now.started_at),
        ("last_message", "The timestamp of the newest message that was read.", now.last_message),
        ("last_merge", "When a message was read last.", now.last_merged),
    ):
        if moment is not None:
            yield GaugeMetricFamily(f"streamreg_{name}_timestamp_seconds", text, value=moment)
    if age is not None:
        yield GaugeMetricFamily(
            "streamreg_loop_turn_age_seconds", "Since the loop has turned last.", value=age
        )


def _outputs(now: Snapshot) -> Metric:
    found = GaugeMetricFamily(
        "streamreg_output_waiting_seconds",
        "For how long an output is waited for, so that nothing is read; 0: it is not.",
        labels=["output"],
    )
    waiting = now.waiting
    for output in sorted(now.outputs):
        found.add_metric([output], waiting.get(output, 0.0))
    return found


def _results(feed: Feed) -> Iterator[Metric]:
    values = GaugeMetricFamily(
        "streamreg_result",
        "A number of a result as it stands: of a regression its coefficients and statistics.",
        labels=["table", "column", "key"],
    )
    rows = GaugeMetricFamily("streamreg_result_rows", "Rows of a result.", labels=["table"])
    for table in feed.tables.values() if feed.known else ():
        rows.add_metric([table.spec.name], len(table))
        if table.spec.keys is None:  # Rows that nothing tells apart are no series.
            continue
        if WINDOWS in feed.layout.reductions[table.spec.reduction]:
            found = table.newest_windows(MOST_KEYS)
        else:
            found, _ = table.page(None, MOST_KEYS, {})
        for row in found[:MOST_KEYS]:
            for labels, number in _series(table, row):
                values.add_metric(labels, number)
    yield from (values, rows)


def _series(table: CurrentTable, row: bytes) -> Iterator[tuple[list[str], float]]:
    """The numbers of a row, each with its labels."""
    cells = cells_of(row)
    keys = table.spec.keys or ()
    # As CSV has it, quotes and all: so no two keys have one label.
    key = b",".join(cells[at] for at in keys).decode()
    for at, (column, cell) in enumerate(zip(table.spec.columns, cells, strict=True)):
        if at not in keys and column.dtype in _NUMBERS and cell:
            number = value_of(cell, column.dtype)
            yield [table.spec.name, column.name, key], _nearest(number)


def _nearest(number: object) -> float:
    """As a double, which is all that Prometheus has."""
    try:
        return float(number)  # type: ignore[arg-type]  # a number, as its column says
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")  # type: ignore[operator]  # likewise
