"""What a row was over the last epochs: as the changes tell, from the ring and from then on."""

from __future__ import annotations

from streamreg._serve.feed import Feed
from streamreg._serve.messages import EpochChanges, Layout, Standing, TableSpec
from streamreg._serve.pace import MOST_SAMPLES, Pace
from streamreg._serve.past import MOST_MOMENTS, MOST_WATCHED
from streamreg._serve.snapshot import Durations, Snapshot
from streamreg._sinks.contract import ColumnSpec

COLUMNS = (ColumnSpec("k", "int", "k"), ColumnSpec("v", "int", "v"))


def feed(keys: tuple[int, ...]) -> Feed:
    made = Feed()
    made.take(Layout((TableSpec("t", "t.csv", COLUMNS, keys, 0),), ({},), None))
    made.take(Standing(-1, ((),), ((),), (None,)))
    return made


def change(made: Feed, epoch: int, lines: bytes) -> None:
    made.take(EpochChanges(epoch, 1000 * epoch, (lines,), ((),), (None,)))


def test_a_single_row_is_known_from_the_start() -> None:
    """Each value that it had, once; an epoch that changes nothing adds nothing; at most so many."""
    made = feed(())
    table = made.tables["t"]
    before = b""
    for epoch in range(2 * MOST_MOMENTS):
        row = b"0,%d" % (epoch // 2)
        lines = b"" if epoch % 2 else before + row + b",%d,1\n" % epoch
        before = row + b",%d,-1\n" % (epoch + 2)
        change(made, epoch, lines)
    found = made.past.of(table, (), made.ring)
    assert len(found) == MOST_MOMENTS
    assert [moment.epoch for moment in found] == list(range(0, 2 * MOST_MOMENTS, 2))
    assert found[-1].row == b"0,%d" % (MOST_MOMENTS - 1)


def test_a_key_is_found_in_the_newest_changes_and_followed() -> None:
    """Its rows of earlier epochs, that it went, what comes afterwards; no other keys with the same digits."""
    made = feed((0,))
    table = made.tables["t"]
    change(made, 0, b"1,10,0,1\n11,1,0,1\n")
    change(made, 1, b"1,10,1,-1\n1,20,1,1\n")
    change(made, 2, b"11,1,2,-1\n11,2,2,1\n")
    change(made, 3, b"1,20,3,-1\n")
    asked = made.past.of(table, (b"1",), made.ring)
    assert [(one.epoch, one.row) for one in asked] == [(0, b"1,10"), (1, b"1,20"), (3, None)]
    change(made, 4, b"1,30,4,1\n")
    asked = made.past.of(table, (b"1",), made.ring)
    assert [(one.epoch, one.unix_ms, one.row) for one in asked][-1] == (4, 4000, b"1,30")


def test_so_many_keys_are_followed_and_no_more() -> None:
    """The one that was asked for longest ago is forgotten, and found in the ring again."""
    made = feed((0,))
    table = made.tables["t"]
    change(made, 0, b"".join(b"%d,1,0,1\n" % key for key in range(3 * MOST_WATCHED)))
    for key in range(3 * MOST_WATCHED):
        assert len(made.past.of(table, (b"%d" % key,), made.ring)) == 1
    assert len(made.past._watched) == MOST_WATCHED
    assert len(made.past.of(table, (b"0",), made.ring)) == 1


def test_a_gap_is_not_bridged() -> None:
    """Where epochs were missed, what was known of a key is forgotten: but for what it is now."""
    made = feed((0,))
    table = made.tables["t"]
    change(made, 0, b"1,10,0,1\n")
    made.past.of(table, (b"1",), made.ring)
    made.take(Standing(9, ((b"1,70",),), ((),), (None,)))
    (now,) = made.past.of(table, (b"1",), made.ring)
    assert (now.epoch, now.row) == (9, b"1,70")
    change(made, 10, b"1,70,10,-1\n1,80,10,1\n")
    assert [one.row for one in made.past.of(table, (b"1",), made.ring)] == [b"1,70", b"1,80"]
    assert made.past.of(table, (b"2",), made.ring) == []


def test_the_pace_is_a_sample_a_second() -> None:
    """With the mean of the epochs since the sample before; at most ten minutes."""
    pace = Pace()
    for at in range(10 * MOST_SAMPLES):
        counts = (at // 10, *Durations().counts[1:])
        pace.note(
            Snapshot(
                phase="reading",
                turned_at=0.0,
                unix=at / 10,
                started_at=0.0,
                topic="t",
                rows_per_second=float(at),
                offsets={0: 0},
                log_ends={0: at},
                epoch_seconds=Durations(counts, at / 100),
            )
        )
    assert len(pace.samples) == MOST_SAMPLES
    last, before = pace.samples[-1], pace.samples[-2]
    assert 1.0 <= last.unix - before.unix < 1.2
    assert last.lag == last.rows_per_second
    assert last.epoch_seconds is not None
    assert abs(last.epoch_seconds - 0.1) < 0.02
