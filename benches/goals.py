"""The goals, and what was measured for each.

A goal that could not be measured (a peer is missing, a bench was not run) says so; nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeVar

from benches.criterion import Bench
from streamreg._bench.contender import PATHWAY, RESULTS, SPARED, STREAMREG, Contender
from streamreg._bench.latency import FAST, SLOW
from streamreg._bench.windows import FINAL, SLIDING
from streamreg._plural import plural

T = TypeVar("T")
_MEGA = 1_000_000
_KEYS = "keyed/partial", "100,000 at random"


@dataclass(frozen=True)
class Results:
    """What the benchmarks have left."""

    throughput: dict[str, Any]
    latency: dict[str, Any]
    numerics: dict[str, Any]
    rolling: dict[str, Any]
    windows: dict[str, Any]
    topics: dict[str, Any]
    spark: dict[str, Any]
    sinks: dict[str, Any]
    files: dict[str, Any]
    core: list[Bench]

    def case(self, contender: str, form: str, parallel: int) -> dict[str, Any]:
        """One case of the throughput, on the long topic."""
        cases = self.throughput["cases"]
        longest = max(case["rows"] for case in cases)
        wanted = (contender, form, parallel, longest)
        keys = ("contender", "format", "parallel", "rows")
        return _first(case for case in cases if tuple(case[key] for key in keys) == wanted)

    def late(self, contender: str, rate: float) -> dict[str, Any]:
        """One measurement of latency."""
        found = self.latency["latency"]
        return _first(one for one in found if (one["contender"], one["rate"]) == (contender, rate))

    def rolled(self, data: str, contender: str) -> list[str]:
        """One row of the table of rolling regressions."""
        found = self.rolling["rolling"]
        return _first(row for row in found if (row[0], row[1]) == (data, contender))

    def windowed(self, contender: str, ratio: str) -> float:
        """What windows cost beside the regression by key alone, with two processes: in time or of the processor."""
        cases = self.windows["costs"]["cases"]
        wanted = (contender, 2)
        return float(_first(c[ratio] for c in cases if (c["contender"], c["parallel"]) == wanted))

    def topic(self, name: str, contender: str, parallel: int, ratio: str) -> float:
        """A ratio of one reader's whole runs on a topic."""
        cases = self.topics["topics"][name]
        wanted = (contender, parallel)
        return float(_first(c[ratio] for c in cases if (c["contender"], c["parallel"]) == wanted))

    def nanoseconds(self, group: str, name: str) -> float:
        """Of one benchmark of the core."""
        return _first(b.nanoseconds for b in self.core if (b.group, b.name) == (group, name))


@dataclass(frozen=True)
class Goal:
    """A number to be reached."""

    number: int
    text: str
    limit: float
    unit: str
    at_least: bool
    measure: Callable[[Results], float]

    def measured(self, results: Results) -> float | None:
        """The number; None if it was not measured."""
        try:
            return self.measure(results)
        except (LookupError, TypeError, ValueError):
            return None

    def met(self, value: float) -> bool:
        """Whether that is enough."""
        return value >= self.limit if self.at_least else value <= self.limit


def goals() -> Iterator[Goal]:
    """All, in their order."""
    yield from _throughput()
    yield from _latency()
    yield from _memory()
    yield from _core()
    yield from _start()
    yield from _rolling()
    yield from _windows()
    yield from _topics()
    yield from _in_and_out()


def _first(found: Iterator[T]) -> T:
    """What was found first.

    Raises:
        LookupError: If nothing was. (A StopIteration would end a generator that asks for it.)
    """
    for one in found:
        return one
    raise LookupError


Measure = Callable[[Results], float]


def _least(number: int, text: str, limit: float, unit: str, measure: Measure) -> Goal:
    return Goal(number, text, limit, unit, at_least=True, measure=measure)


def _most(number: int, text: str, limit: float, unit: str, measure: Measure) -> Goal:
    return Goal(number, text, limit, unit, at_least=False, measure=measure)


def _throughput() -> Iterator[Goal]:
    beside = "beside the fastest loop of the raw client"
    for form, parallel in product(("csv", "json"), (1, 2)):
        processes = f"{form}, {plural(parallel, 'process', 'processes')}"
        both = f"{processes}, both changelogs and checkpoint, {beside}"
        yield _least(1, both, 2, "x", _ratio(STREAMREG, SPARED, form, parallel))
        results = f"{processes}, results only, {beside}"
        yield _least(1, results, 3, "x", _ratio(RESULTS, SPARED, form, parallel))
    for parallel in (1, 2):
        text = f"json, {parallel} of each, beside Pathway"
        yield _least(1, text, 15, "x", _ratio(STREAMREG, PATHWAY, "json", parallel))


def _ratio(one: Contender, other: Contender, form: str, parallel: int) -> Measure:
    """Of whole runs."""

    def measure(results: Results) -> float:
        ours, theirs = (results.case(each.name, form, parallel)["whole"] for each in (one, other))
        return float(ours / theirs)

    return measure


def _latency() -> Iterator[Goal]:
    slow, fast = f"{SLOW:.0f} messages a second", f"{FAST:,.0f} messages a second"
    yield _most(2, f"p50 at {slow}", 2.0, "ms", _late("p50", SLOW))
    yield _most(2, f"p99 at {slow}", 5.5, "ms", _late("p99", SLOW))
    yield _most(2, f"p99 at {fast}", 25, "ms", _late("p99", FAST))
    yield _most(2, f"p99 at {fast}, beside Pathway's", 1, "x", _beside_pathway)


def _late(percentile: str, rate: float) -> Measure:
    return lambda results: float(results.late(STREAMREG.name, rate)[percentile])


def _beside_pathway(results: Results) -> float:
    ours, theirs = (results.late(one.name, FAST)["p99"] for one in (STREAMREG, PATHWAY))
    return float(ours / theirs)


def _memory() -> Iterator[Goal]:
    yield _most(3, "all processes together, the most of any run", 250, "MB", _most_memory)
    yield _most(3, "a topic four times as long, beside the shorter", 1.15, "x", _discovery)


def _ours(results: Results) -> list[dict[str, Any]]:
    return [case for case in results.throughput["cases"] if case["contender"] == STREAMREG.name]


def _most_memory(results: Results) -> float:
    return float(max(case["memory"] for case in _ours(results))) / _MEGA


def _discovery(results: Results) -> float:
    same = [c for c in _ours(results) if (c["format"], c["parallel"]) == ("csv", 2)]
    short, long = sorted(same, key=lambda case: int(case["rows"]))
    return float(long["memory"] / short["memory"])


def _core() -> Iterator[Goal]:
    csv = "decode csv, two floats", "decode and accumulate"
    welford = "five exact moments, beside Welford's, the worst of five distributions"
    yield _most(4, welford, 1.2, "x", _welford)
    yield _most(
        4,
        "csv to moments, beside the bare parsing of its numbers",
        1.6,
        "x",
        lambda r: r.nanoseconds(*csv) / r.nanoseconds(csv[0], "bare fast_float2"),
    )
    yield _least(4, "csv to moments", 15, "million rows/s", _millions(*csv))
    for form in ("avro", "protobuf"):
        group = f"decode {form}, two floats"
        text = f"{form} to columns, beside json of the same rows"
        yield _most(4, text, 1, "x", _beside_json(group))
    features = "accumulate/10 features", "exact by 65536"
    yield _most(4, "a row of 10 features", 90, "ns", lambda r: r.nanoseconds(*features))
    yield _most(4, "solving a line", 1, "µs", _microseconds("solve", "features/1"))
    yield _most(4, "solving 10 features", 300, "µs", _microseconds("solve", "features/10"))
    yield _least(4, "rows into 100,000 keys", 3, "million rows/s", _millions(*_KEYS))
    yield _most(4, "the state of a line", 300, "bytes", lambda r: float(r.numerics["state_bytes"]))


def _beside_json(group: str) -> Measure:
    """The time of a row."""
    return lambda r: r.nanoseconds(group, "decode") / r.nanoseconds(group, "json of the same rows")


def _welford(results: Results) -> float:
    group, ours = "accumulate/line", "exact by 65536/"
    sets = [b.name.removeprefix(ours) for b in results.core if b.name.startswith(ours)]
    ratios = (
        results.nanoseconds(group, f"{ours}{name}") / results.nanoseconds(group, f"welford/{name}")
        for name in sets
    )
    return max(ratios)


def _millions(group: str, name: str) -> Measure:
    return lambda results: 1000 / results.nanoseconds(group, name)


def _microseconds(group: str, name: str) -> Measure:
    return lambda results: results.nanoseconds(group, name) / 1000


def _start() -> Iterator[Goal]:
    yield _most(
        5, "import streamreg", 0.15, "s", lambda r: float(r.latency["imports"]["streamreg"])
    )
    yield _most(
        5,
        "an empty run of two processes, from sr.run() to its end",
        0.25,
        "s",
        lambda r: float(r.latency["empty_run"]),
    )
    yield _most(5, "first row in the file after sr.run(), the later of two", 1.5, "s", _first_row)


def _first_row(results: Results) -> float:
    return max(float(results.late(STREAMREG.name, rate)["first_row"]) for rate in (SLOW, FAST))


def _rolling() -> Iterator[Goal]:
    one, five = "normal, one feature", "normal, five features"
    polars, pandas = "polars_ds", "pandas, cov/var"
    yield _least(6, "rolling, one feature, beside polars_ds", 4, "x", _times_of(one, polars))
    yield _least(6, "rolling, one feature, beside pandas", 1 / 3, "x", _times_of(one, pandas))
    yield _least(6, "rolling, five features, beside polars_ds", 2, "x", _times_of(five, polars))


def _times_of(data: str, contender: str) -> Measure:
    return lambda results: 1 / float(results.rolled(data, contender)[3])


def _windows() -> Iterator[Goal]:
    for contender, limit in ((FINAL, 1.5), (SLIDING, 3)):
        for ratio, text in (("slower", "time"), ("dearer", "CPU")):
            text = f"{contender.name}, {text} beside the regression by key alone"
            yield _most(7, text, limit, "x", _cost(contender.name, ratio))


def _cost(contender: str, ratio: str) -> Measure:
    return lambda results: results.windowed(contender, ratio)


def _topics() -> Iterator[Goal]:
    for parallel in (1, 2):
        processes = plural(parallel, "process", "processes")
        for name in ("csv", "json"):
            text = f"{name}, {processes}, CPU a row beside reading by the client"
            yield _most(8, text, 0.45, "x", _reading(name, parallel, "cpu_of_client"))
        for name in ("lz4", "zstd"):
            text = f"{name}, {processes}, beside the fastest loop of the raw client"
            yield _least(8, text, 2, "x", _reading(name, parallel, "of_raw"))
        for name in ("batches of 5", "1 kB of json"):
            text = f"{name}, {processes}, beside reading by the client"
            yield _least(8, text, 1, "x", _reading(name, parallel, "of_client"))


def _reading(topic: str, parallel: int, ratio: str) -> Measure:
    return lambda results: results.topic(topic, STREAMREG.name, parallel, ratio)


def _in_and_out() -> Iterator[Goal]:
    text = "a topic as a table stands, json, whole run"
    yield _least(9, text, 100_000, "keys/s", lambda r: _written(r, "json"))
    for name in ("csv", "json lines", "parquet"):
        yield _least(9, f"{name}, beside the same rows in a topic", 1, "x", _of_topic(name))


def _written(results: Results, format: str) -> float:
    return float(_first(s["rate"] for s in results.sinks["sinks"] if s["format"] == format))


def _of_topic(name: str) -> Measure:
    return lambda results: float(results.files["files"][name]["of_topic"])
