"""Bench: windows of a minute by a thousand sensors, beside those of peers, or beside the same regression by sensor.

All contenders read one topic of rows in the order of their times, where each sensor has one row a second and is on one
partition. The input's changelog is not written; what is written is checked window by window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from streamreg._bench.broker import Broker
from streamreg._bench.contender import PATHWAY, QUIX, STREAMREG, Contender, Wanted
from streamreg._bench.points import Tell
from streamreg._bench.throughput import Throughput, gathered, installed, take_turns
from streamreg._bench.timed_points import (
    MINUTE,
    Windowing,
    exact_windows,
    load_timed,
)
from streamreg._demo.points import Format

PARALLEL = (1, 2)
_UPDATED = Windowing(final=False)

BY = replace(STREAMREG, name="streamreg, by sensor", program="streamreg_windows_job")
FINAL = replace(BY, name="streamreg, final windows", windowing=Windowing())
UPDATED = replace(BY, name="streamreg, updated windows", windowing=_UPDATED)
SLIDING = replace(BY, name="streamreg, 60 panes, final", windowing=Windowing(duration=60 * MINUTE))
PEERS = (
    replace(PATHWAY, program="pathway_windows_job", windowing=_UPDATED),
    replace(QUIX, program="quix_windows_job", windowing=Windowing()),
)


def windows(
    broker: Broker,
    form: Format,
    rows: int,
    rounds: int,
    ours: Sequence[Contender],
    peers: Iterable[Contender],
    tell: Tell,
) -> Throughput:
    """Loads the topic and lets the contenders take turns on it.

    Raises:
        WrongError: If a contender of our own fails, or comes to a wrong result.
    """
    versions, absent = installed(peers)
    results = {
        windowing: exact_windows(rows, windowing)
        for windowing in {each.windowing for each in (*ours, *versions)}
    }

    def wanted(contender: Contender) -> Wanted:
        return results[contender.windowing]

    cases = []
    with broker.topic("windows") as topic:
        tell(f"loading {rows:,} messages of {form} with times")
        load_timed(broker.settings, topic, form, rows)
        for parallel in PARALLEL:
            turn = [each for each in (*ours, *versions) if parallel in each.parallel]
            cases += take_turns(broker, topic, form, parallel, wanted, turn, rounds, absent, tell)
    return gathered(cases, absent, versions)
