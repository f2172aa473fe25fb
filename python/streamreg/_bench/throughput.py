"""Bench: rows a second and memory of a whole topic read to its end, contenders taking turns."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from streamreg._bench.broker import Broker
from streamreg._bench.contender import (
    RAW,
    RESULTS,
    SPARED,
    STREAMREG,
    Contender,
    Job,
    Measured,
    Wanted,
    WrongError,
    measure,
)
from streamreg._bench.points import Tell, exact, load
from streamreg._dataclass import dataclass
from streamreg._demo.points import FORMATS, Format

PARALLEL = (1, 2)
SHORTER = 4
"""The topic that memory is measured on, too, is so many times shorter."""


@dataclass
class Case:
    """All runs of one contender on one topic."""

    contender: str
    format: Format
    parallel: int
    rows: int
    runs: list[Measured] = field(default_factory=list)

    @property
    def whole(self) -> float:
        """The median of rows a second, start included."""
        return statistics.median(run.whole for run in self.runs)

    @property
    def steady(self) -> float | None:
        """The median of rows a second without the start."""
        rates = [run.steady for run in self.runs if run.steady is not None]
        return statistics.median(rates) if rates else None

    @property
    def processor(self) -> float | None:
        """The median of the microseconds of the processor for a row."""
        times = [run.processor for run in self.runs if run.processor is not None]
        return statistics.median(times) / self.rows * 1e6 if times else None

    @property
    def memory(self) -> int | None:
        """The most of all runs, in bytes."""
        return max((run.memory for run in self.runs if run.memory is not None), default=None)

    def ratio(self, rival: Case) -> float | None:
        """The median of the ratios of each round, without the start; with it where one of them reports nothing else."""
        pairs = list(zip(self.runs, rival.runs, strict=False))
        if not pairs:
            return None
        if all(ours.steady and theirs.steady for ours, theirs in pairs):
            return statistics.median((a.steady or 0) / (b.steady or 1) for a, b in pairs)
        return statistics.median(ours.whole / theirs.whole for ours, theirs in pairs)

    def slower(self, rival: Case) -> float | None:
        """How many times as long a whole run takes: the median of the rounds."""
        ratios = [b.whole / a.whole for a, b in zip(self.runs, rival.runs, strict=False)]
        return statistics.median(ratios) if ratios else None

    def dearer(self, rival: Case) -> float | None:
        """How many times as much of the processor a whole run takes: the median of the rounds."""
        pairs = zip(self.runs, rival.runs, strict=False)
        ratios = [a.processor / b.processor for a, b in pairs if a.processor and b.processor]
        return statistics.median(ratios) if ratios else None


@dataclass(frozen=True)
class Throughput:
    """What was found."""

    cases: Sequence[Case]
    absent: dict[str, str]
    """The peers that could not run, and why."""
    versions: dict[str, str] = field(default_factory=dict)
    """Those of the peers that are installed."""

    def case(
        self, contender: str, form: str, parallel: int, rows: int | None = None
    ) -> Case | None:
        """One case, of the long topic if none is named."""
        rows = rows or max(case.rows for case in self.cases)
        wanted = (contender, form, parallel, rows)
        found = (c for c in self.cases if (c.contender, c.format, c.parallel, c.rows) == wanted)
        return next(found, None)


def throughput(
    broker: Broker, rows: int, rounds: int, peers: Iterable[Contender], tell: Tell
) -> Throughput:
    """Loads the topics and lets the contenders take turns on them.

    Raises:
        WrongError: If a contender of our own fails, or any comes to a wrong result.
    """
    versions, absent = installed(peers)
    contenders = (RAW, SPARED, STREAMREG, RESULTS, *versions)
    cases: list[Case] = []
    result = exact(rows)
    for form in FORMATS:
        with _loaded(broker, form, rows, tell) as topic:
            for parallel in PARALLEL:
                turn = [c for c in contenders if form in c.formats and parallel in c.parallel]
                cases += take_turns(
                    *(broker, topic, form, parallel, lambda _: result, turn, rounds, absent, tell)
                )
    short = rows // SHORTER
    with _loaded(broker, "csv", short, tell) as topic:
        shorter = exact(short)
        ours = [STREAMREG]
        cases += take_turns(broker, topic, "csv", 2, lambda _: shorter, ours, rounds, absent, tell)
    return gathered(cases, absent, versions)


def installed(peers: Iterable[Contender]) -> tuple[dict[Contender, str | None], dict[str, str]]:
    """The version of each peer, if there is one; and those that cannot run, and why."""
    versions = {peer: peer.version() for peer in peers}
    absent = {
        peer.name: f"{peer.needs} is not installed" for peer, found in versions.items() if not found
    }
    return versions, absent


def gathered(
    cases: Iterable[Case], absent: dict[str, str], versions: Mapping[Contender, str | None]
) -> Throughput:
    """What was found, without what never ran."""
    known = {peer.name: found for peer, found in versions.items() if found}
    return Throughput([case for case in cases if case.runs], absent, known)


@contextlib.contextmanager
def _loaded(broker: Broker, form: Format, rows: int, tell: Tell) -> Iterator[str]:
    with broker.topic(form) as topic:
        tell(f"loading {rows:,} messages of {form}")
        load(broker.settings, topic, form, rows)
        yield topic


def take_turns(
    broker: Broker,
    topic: str,
    form: Format,
    parallel: int,
    wanted: Callable[[Contender], Wanted],
    contenders: Sequence[Contender],
    rounds: int,
    absent: dict[str, str],
    tell: Tell,
) -> list[Case]:
    """The rounds of all contenders on one topic; peers that fail come among those `absent`.

    Raises:
        WrongError: If a contender of our own fails, or comes to a wrong result.
    """
    results = list(map(wanted, contenders))
    cases = [
        Case(contender.name, form, parallel, result.rows)
        for contender, result in zip(contenders, results, strict=True)
    ]
    for number in range(rounds):
        for contender, case, result in zip(contenders, cases, results, strict=True):
            if contender.name in absent:
                continue
            job = Job(
                settings={**broker.settings, **broker.reading},
                topic=topic,
                format=form,
                rows=result.rows,
                parallel=parallel,
            )
            try:
                found = measure(contender, job, result)
            except WrongError as error:
                if contender.needs is None:
                    raise
                # A peer that fails here (on the embedded broker, say) does not end the measurement of the others.
                absent[contender.name] = str(error).splitlines()[-1]
                tell(str(error))
                continue
            case.runs.append(found)
            steady = f", steady {found.steady / 1e6:.2f}" if found.steady else ""
            tell(
                f"{form} x{parallel}, round {number + 1} of {rounds}: {contender.name}: "
                f"{found.whole / 1e6:.2f} million a second{steady}"
            )
    return cases
