"""How `streamreg top` shows a run: whatever its texts are, they fit, and move no cursor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from streamreg._operate.top.picture import fitted, lines
from streamreg._operate.top.view import Place, ShownTable, View
from streamreg._terminal.width import width


def test_a_picture_moves_no_cursor() -> None:
    """Whatever letters a topic, a key or a reason has; missing values and very many partitions are shown short."""
    view = View(
        source="here",
        topic="a\x1b[2Jb",
        phase="reading",
        rows=1234567,
        epochs=3,
        rejects={"late": 2},
        lag=4,
        rows_per_second=1e6,
        places=[Place(p, 10 * p, 10 * p + p, p) for p in range(20)],
        tables=[ShownTable("t", 2, [{"k": "x\ny", "v": None}, {"k": "\x07", "v": 0.1}])],
        restarts=1,
        memory={"parent": 50 << 20, "worker-0": 30 << 20},
    )
    found = fitted(lines(view, datetime(2026, 1, 1, tzinfo=UTC)), 79)
    assert found[0] == "a?[2Jb  reading  here  2026-01-01 00:00:00 UTC"
    assert found[1] == "rows     1,234,567  1,000,000/s  lag 4"
    assert "memory   80 MB (parent 50, worker-0 30)" in found
    assert "  … and 8 partitions more" in found
    assert all(line.isprintable() for line in found)
    assert fitted(found, 10, 3) == ["a?[2Jb  r…", "rows     …", "…"]
    assert fitted(found, 10, 1) == ["a?[2Jb  r…"]


def test_letters_of_any_width_fit() -> None:
    """Those of double width count twice, marks not at all; columns of numbers stand below each other."""
    rows = [
        {"k": "東京都千代田区", "v": 1},
        {"k": "e\u0301te\u0301", "v": 22},
        {"k": "k" * 120, "v": 0.1},
        {"k": "東" * 120, "v": 4},
    ]
    view = View(source="s", topic="東" * 40, phase="reading", rows=4, epochs=1,
                tables=[ShownTable("t", 4, rows)])  # fmt: skip
    found = fitted(lines(view), 60)
    assert all(width(line) <= 60 for line in found)
    assert width(found[0]) == 60 - 1
    table = found[found.index("t: 4 rows") + 1 :]
    assert len({width(line) for line in table}) == 1
    assert table[0].endswith("k    v")
    assert table[3].endswith("k…  0.1")
    assert table[4].endswith("東…    4")


def test_a_loop_that_stands_still_is_told() -> None:
    """What the run said last is not what it does."""
    view = View(source="s", topic="t", phase="reading", rows=4, epochs=1, turn_age=12.3)
    assert "reading, but its loop has not turned for 12 s" in next(lines(view))
    assert "turned" not in next(lines(replace(view, turn_age=0.2)))
