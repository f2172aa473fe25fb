"""Bench: rows a second and memory of a whole topic read to its end, contenders taking turns."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from streamreg._bench.broker import Broker
from streamreg._bench.contender import (
    RAW,
    RESULTS,
    SPARED,
    STREAMREG,
    Contender,
    Job,
    Measured,
    WrongError,
    measure,
)
from streamreg._bench.points import ResultValue, Tell, exact, load
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
    versions = {peer: peer.version() for peer in peers}
    absent = {
        peer.name: f"{peer.needs} is not installed" for peer, found in versions.items() if not found
    }
    contenders = (RAW, SPARED, STREAMREG, RESULTS, *versions)
    cases: list[Case] = []
    wanted = exact(rows)
    for form in FORMATS:
        with _loaded(broker, form, rows, tell) as topic:
            for parallel in PARALLEL:
                turn = [c for c in contenders if form in c.formats and parallel in c.parallel]
                cases += _rounds(broker, topic, form, parallel, wanted, turn, rounds, absent, tell)
    short = rows // SHORTER
    with _loaded(broker, "csv", short, tell) as topic:
        result = exact(short)
        cases += _rounds(broker, topic, "csv", 2, result, [STREAMREG], rounds, absent, tell)
    known = {peer.name: found for peer, found in versions.items() if found}
    return Throughput([case for case in cases if case.runs], absent, known)


@contextlib.contextmanager
def _loaded(broker: Broker, form: Format, rows: int, tell: Tell) -> Iterator[str]:
    with broker.topic(form) as topic:
        tell(f"loading {rows:,} messages of {form}")
        load(broker.settings, topic, form, rows)
        yield topic


def _rounds(
    broker: Broker,
    topic: str,
    form: Format,
    parallel: int,
    wanted: ResultValue,
    contenders: Sequence[Contender],
    rounds: int,
    absent: dict[str, str],
    tell: Tell,
) -> list[Case]:
    cases = [Case(contender.name, form, parallel, wanted.rows) for contender in contenders]
    for number in range(rounds):
        for contender, case in zip(contenders, cases, strict=True):
            if contender.name in absent:
                continue
            job = Job(
                settings={**broker.settings, **broker.reading},
                topic=topic,
                format=form,
                rows=wanted.rows,
                parallel=parallel,
            )
            try:
                found = measure(contender, job, wanted)
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
