"""Rows that are replaced and removed: what a run leaves is what the table that is left gives, bit for bit."""

import random
from pathlib import Path

import pytest

import streamreg as sr
from tests.support import upserts
from tests.support.resumed import after


@pytest.mark.parametrize("batch", [1, 3, 17, 1000])
@pytest.mark.parametrize("seed", range(4))
def test_oracle_a_sequence_leaves_its_table(folder: Path, seed: int, batch: int) -> None:
    """Random replacements and removals, with rejects between, leave what the rows that stand give alone."""
    partitions, keys = seed % 4 + 1, (2, 8, 40, 300)[seed]
    messages, table = upserts.sequence(400, partitions, keys, seed)
    run = folder / "run"
    run.mkdir()
    upserts.write(upserts.topic(messages, batch), run)
    summary = sr.run(processes=0)
    found = upserts.left(run)
    assert found == upserts.expected(table, folder / "table")
    upserts.check_oracle(table, found)
    assert summary.rows + summary.tombstones + sum(summary.rejects.values()) == 400
    assert set(summary.rejects) >= {"missing-key", "division-by-zero", "malformed-json"}


@pytest.mark.parametrize("processes", [0, 1, 2, 4])
def test_law_any_number_of_processes(folder: Path, processes: int) -> None:
    """Whoever reads, the same stands."""
    messages, table = upserts.sequence(600, 4, 15, 9)
    run = folder / "run"
    run.mkdir()
    upserts.write(upserts.topic(messages, 50), run)
    sr.run(processes=processes)
    assert upserts.left(run) == upserts.expected(table, folder / "table")


@pytest.mark.parametrize("held", [2, 100_000])
@pytest.mark.parametrize("seed", range(3))
def test_law_stops_change_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int, held: int
) -> None:
    """A run that is stopped again and again, and goes on from its state, leaves the same.

    So it does if an epoch changes more rows than are held in memory.
    """
    monkeypatch.setattr("streamreg._state.upserted_rows._HELD", held)
    messages, table = upserts.sequence(400, seed + 1, 12, seed + 20)
    run = folder / "run"
    run.mkdir()
    chance = random.Random(seed)
    while True:
        upserts.write(upserts.topic(messages, chance.choice([1, 7, 30])), run)
        summary = sr.run(processes=0, state="state", stop=after(chance.randrange(1, 60)))
        if summary.ended_by == "source":
            break
    found = upserts.left(run)
    assert found == upserts.expected(table, folder / "table")
    upserts.check_oracle(table, found)
