"""A table as it stands, kept up by changes: a row for each key, whatever order and number there are."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from streamreg._serve import order
from streamreg._serve.feed import Feed
from streamreg._serve.messages import EpochChanges, Layout, Standing, TableSpec
from streamreg._serve.ring import Ring
from streamreg._serve.table import CurrentTable, Reached
from streamreg._serve.texts import cell_of
from streamreg._sinks.contract import ColumnSpec

COLUMNS = (ColumnSpec("k", "int", "k"), ColumnSpec("s", "str", "s"), ColumnSpec("v", "float", "v"))


def spec(keys: tuple[int, ...] | None) -> TableSpec:
    return TableSpec("t", "t.csv", COLUMNS, keys, 0)


def line(row: bytes, epoch: int, diff: int) -> bytes:
    return b"%b,%d,%d\n" % (row, epoch, diff)


@pytest.mark.parametrize("keys", [(0, 1), (1, 0), None])
def test_differential_a_table_is_what_its_changes_come_to(keys: tuple[int, ...] | None) -> None:
    """Rows come, are replaced and go, a thousand epochs; the sum of the diffs of each row says the same."""
    chance = random.Random(5)
    table = CurrentTable(spec(keys))
    held: dict[tuple[int, str], bytes] = {}
    for epoch in range(1000):
        lines = b""
        for _ in range(chance.randrange(4)):
            key = chance.randrange(-9, 9), chance.choice(["", "a", '"x,y"', '"q""\n"'])
            if key in held:
                lines += line(held.pop(key), epoch, -1)
            if chance.random() < 0.6:
                held[key] = b"%d,%b,%r" % (key[0], key[1].encode(), chance.randrange(3) / 2)
                lines += line(held[key], epoch, 1)
        table.change(lines, ())
        if epoch % 50 == 0:
            rows, following = table.page(None, 10**6, {})
            assert Counter(rows) == Counter(held.values())
            assert following is None
    if keys == (0, 1):
        numbers = [int(row.split(b",")[0]) for row in rows]
        assert numbers == sorted(numbers)


def test_closed_windows_are_kept_up_to_a_limit() -> None:
    """The newest; what is open stays, and so does what comes later."""
    table = CurrentTable(spec((0,)), closed=3)
    for epoch in range(10):
        row = b"%d,a,1.0" % epoch
        table.change(line(row, epoch, 1), [row] if epoch < 9 else ())
    rows, _ = table.page(None, 100, {})
    assert [row.split(b",")[0] for row in rows] == [b"6", b"7", b"8", b"9"]
    assert len(table) == 4


def test_closed_windows_stand_beside_open_ones() -> None:
    """Also where all comes anew; the newest come last."""
    table = CurrentTable(spec((0,)), closed=2)
    table.stand([b"9,a,1.0"], [b"%d,a,1.0" % k for k in (3, 1, 2)])
    rows, _ = table.page(None, 100, {})
    assert rows == [b"1,a,1.0", b"2,a,1.0", b"9,a,1.0"]
    assert len(table) == 3


def test_rows_that_are_alike_count_where_keys_are_not_shown() -> None:
    """Of two windows with the same figures one closes, then the other: there are two all the time."""
    row, other = b"1,a,1.0", b"2,a,1.0"
    table = CurrentTable(spec(None), closed=3)
    table.change(line(row, 0, 1) + line(row, 0, 1), ())
    for epoch in range(1, 4):
        closed = [row] if epoch < 3 else ()
        table.change(line(other, epoch, 1), closed)
        rows, _ = table.page(None, 100, {})
        assert Counter(rows) == {row: 2, other: epoch}
        assert len(table) == 2 + epoch
    table.change(b"", [other, other])
    rows, _ = table.page(None, 100, {})
    assert Counter(rows) == {other: 3}  # The oldest, which are alike, go together.
    assert len(table) == 3


def test_a_table_that_grows_too_large_is_not_kept() -> None:
    """Until all of it comes anew."""
    table = CurrentTable(spec((0,)), most=5)
    table.change(b"".join(line(b"%d,a,1.0" % k, 0, 1) for k in range(6)), ())
    assert table.overflown
    table.change(line(b"9,a,1.0", 1, 1), ())
    assert (table.overflown, len(table)) == (True, 0)
    table.stand([b"1,a,1.0"], ())
    assert (table.overflown, len(table)) == (False, 1)


def test_pages_go_on_where_rows_have_come_and_gone() -> None:
    """A cursor is a place among the keys, not a count of rows."""
    table = CurrentTable(spec((0,)))
    table.stand([b"%d,a,1.0" % k for k in range(10)], ())
    first, following = table.page(None, 3, {})
    assert following is not None
    gone = b"".join(line(b"%d,a,1.0" % k, 1, -1) for k in (0, 2, 3))
    table.change(gone + line(b"-5,a,1.0", 1, 1), ())
    second, _ = table.page(following, 3, {})
    numbers = [[int(row.split(b",")[0]) for row in page] for page in (first, second)]
    assert numbers == [[0, 1, 2], [4, 5, 6]]


def test_pages_may_begin_at_the_end() -> None:
    """All rows once, the last key first; a row that comes meanwhile stands in its place."""
    table = CurrentTable(spec((0,)))
    table.stand([b"%d,a,1.0" % k for k in range(8)], ())
    numbers: list[int] = []
    rows, following = table.page(None, 3, {}, descending=True)
    table.change(line(b"9,a,1.0", 1, 1) + line(b"-1,a,1.0", 1, 1) + line(b"5,a,1.0", 1, -1), ())
    numbers += [int(row.split(b",")[0]) for row in rows]
    while following is not None:
        rows, following = table.page(following, 3, {}, descending=True)
        numbers += [int(row.split(b",")[0]) for row in rows]
    assert numbers == [7, 6, 5, 4, 3, 2, 1, 0, -1]


@pytest.mark.parametrize(
    ("text", "dtype", "cell"),
    [
        ("5", "int", b"5"),
        ("", "int", b""),
        ("", "str", b'""'),
        ('a"b', "str", b'"a""b"'),
        ("TRUE", "bool", b"True"),
        ("10", "float", b"10.0"),
        ("-0.0", "float", b"0.0"),
        ("1e22", "float", b"1e+22"),
        ("2026-01-01T01:00:00+01:00", "datetime", b"2026-01-01T00:00:00Z"),
    ],
)
def test_cells_that_clients_ask_for(text: str, dtype: str, cell: bytes) -> None:
    """As the files have them."""
    assert cell_of(text, dtype) == cell  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "dtype"),
    [("x", "int"), ("9" * 19, "int"), ("9" * 10_000, "int"), ("1.5", "int"), ("yes", "bool"),
     ("inf", "float"), ("nan", "float"), ("1_0", "float"),
     ("2026-01-01", "datetime"), ("2026-01-01T00:00", "datetime"), ("x", "bytes")],
)  # fmt: skip
def test_what_is_no_value_of_a_key(text: str, dtype: str) -> None:
    """Is refused, however long it is."""
    with pytest.raises(ValueError, match=r"expected|cannot"):
        cell_of(text, dtype)  # type: ignore[arg-type]


def changes(epoch: int, size: int = 0) -> EpochChanges:
    return EpochChanges(epoch, 0, (b"1,a,1.0,%d,1\n" % epoch + b" " * size,), ((),), (None,))


def test_the_ring_holds_the_newest() -> None:
    """As many bytes and epochs as it may, at least one; what is older is not there, and neither is what is to come."""
    ring = Ring(size=2000, epochs=5)
    ring.begin(10)
    assert (ring.first, ring.next, ring.since(10), ring.since(9), ring.since(11)) == (
        10, 10, [], None, None,
    )  # fmt: skip
    for epoch in range(10, 20):
        ring.add(changes(epoch))
    assert (ring.first, ring.next) == (15, 20)
    found = ring.since(17)
    assert found is not None
    assert [each.epoch for each in found] == [17, 18, 19]
    assert ring.since(14) is None
    ring.add(changes(20, 5000))
    assert (ring.first, ring.next) == (20, 21)


def test_all_tables_anew_begin_the_ring_anew() -> None:
    """What was skipped cannot be followed."""
    feed = Feed()
    feed.take(Layout((spec((0,)),), ({},), None))
    feed.take(Standing(-1, ((),), ((),), (None,)))
    feed.take(changes(0))
    assert feed.ring.since(0) != []
    feed.take(Standing(7, ((b"5,a,1.0",),), ((),), (None,)))
    assert (feed.epoch, feed.ring.since(0), feed.ring.since(8)) == (7, None, [])
    assert feed.tables["t"].page(None, 9, {})[0] == [b"5,a,1.0"]


def test_differential_keys_stay_in_order_as_they_come_and_go() -> None:
    """Whether a page is asked for after each change or not: as a table that was made at once."""
    chance = random.Random(11)
    table = CurrentTable(spec((0,)))
    held: dict[int, bytes] = {}
    for epoch in range(500):
        key = chance.randrange(60)
        lines = line(held.pop(key), epoch, -1) if key in held else b""
        if chance.random() < 0.7:
            held[key] = b"%d,a,%d.0" % (key, epoch)
            lines += line(held[key], epoch, 1)
        table.change(lines, ())
        if chance.random() < 0.5:
            rows, _ = table.page(None, 1000, {})
            assert rows == [held[key] for key in sorted(held)]
            assert table.last(7, {}) == [held[key] for key in sorted(held)][-7:]


def test_differential_keys_are_put_in_order_while_they_come_and_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Piece by piece, with changes between the pieces, and now and then one who cannot wait, or all rows anew."""
    monkeypatch.setattr(order, "_AT_ONCE", 3)
    chance = random.Random(12)
    table = CurrentTable(spec((0,)))
    held: dict[int, bytes] = {}

    def check() -> None:
        rows, _ = table.page(None, 1000, {})
        assert rows == [held[key] for key in sorted(held)]

    def change(epoch: int) -> None:
        lines = b""
        for key in chance.sample(range(60), 9):
            if key in held:
                lines += line(held.pop(key), epoch, -1)
            if chance.random() < 0.6:
                held[key] = b"%d,a,%d.0" % (key, epoch)
                lines += line(held[key], epoch, 1)
        table.change(lines, ())

    async def settled() -> None:
        await table.settle()
        check()

    async def changed() -> None:
        for epoch in range(400):
            waiting = [asyncio.create_task(settled()) for _ in range(chance.randrange(3))]
            for _ in range(chance.randrange(20)):
                await asyncio.sleep(0)
            match chance.randrange(8):
                case 0:
                    check()
                case 1:
                    table.stand(list(held.values()), ())
                case 2 if waiting:
                    waiting.pop().cancel()
            change(epoch)
            await asyncio.gather(*waiting)

    asyncio.run(changed())


def test_others_have_their_turn_while_very_many_keys_are_put_in_order() -> None:
    """And what is left to be done at once is little."""
    count = 20 * order._AT_ONCE
    table = CurrentTable(spec((0,)))
    numbers = random.Random(13).sample(range(count), count)
    table.stand([b"%d,a,1.0" % number for number in numbers], ())

    async def turns() -> int:
        settling = asyncio.create_task(table.settle())
        found = 0
        while not settling.done():
            await asyncio.sleep(0)
            found += 1
        return found

    assert asyncio.run(turns()) > 30
    assert len(table._order._moved) + len(table._order._under_way) == 0
    rows, _ = table.page(None, count, {})
    assert [int(row.split(b",")[0]) for row in rows] == list(range(count))


@pytest.mark.parametrize(
    ("search", "found"),
    [("", 4), ("A", 2), ("straße", 1), ("STRASSE", 1), ('q"', 1), ("nothing", 0)],
)
def test_rows_are_found_by_a_part_of_a_key(search: str, found: int) -> None:
    """In whatever letters; quotes are those of the text, not of the file."""
    names = ["banana", "Straße a", '"q""u"', "x"]
    table = CurrentTable(spec((1,)))
    table.stand((f"{at},{name},1.0".encode() for at, name in enumerate(names)), ())
    rows, _ = table.page(None, 100, {}, search)
    assert len(rows) == found


@pytest.mark.parametrize("search", ["", "b", "B", "zzz", "1"])
@pytest.mark.parametrize("after", [None, Reached((b"1", b"b"), 1), Reached((b"2", b"a"), 1)])
def test_a_whole_key_is_found_as_all_keys_are(search: str, after: Reached | None) -> None:
    """What is searched for, and where a page begins, count for a row of which all keys are given too."""
    table = CurrentTable(spec((0, 1)))
    keys = [(n, s) for n in (b"1", b"2") for s in (b"a", b"b")]
    table.stand([b"%b,%b,0.5" % key for key in keys], ())
    rows, _ = table.page(after, 100, {}, search)
    for n, s in keys:
        found, following = table.page(after, 100, {0: n, 1: s}, search)
        assert found == [row for row in rows if row == b"%b,%b,0.5" % (n, s)]
        assert following is None
