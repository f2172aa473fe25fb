"""What a state says of changed jobs and of lost offsets is checked like the rest of it."""

from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._state.snapshot import read
from tests.support.verified import rewritten

SOURCE = {"format": "csv", "schema": {"x": "float"}, "columns in order": ["x"], "header": ["x"]}
CHANGE = {"offsets": {0: 1}, "source": SOURCE}


class Row(sr.Schema):
    x: float


@pytest.fixture
def state(tmp_path: Path) -> Path:
    t = testing.read([[b"1", b"2"]], schema=Row, header=["x"])
    sr.io.csv.write(t, tmp_path / "rows.csv")
    sr.run(processes=0, state=tmp_path / "state")
    return tmp_path / "state"


def test_what_a_run_writes_is_read_again(state: Path) -> None:
    """Changes, outputs that have begun later, gaps, and results that are to be written."""
    name = str(state.parent / "rows.csv")
    found = {"changed": [CHANGE], "since": {name: 1}, "gaps": [(0, 1, 2)], "rewrite": True}
    rewritten(state, **found)
    kept = read(state)
    assert {part: getattr(kept, part) for part in found} == found


@pytest.mark.parametrize(
    ("part", "odd"),
    [
        ("gaps", [(0, 1)]),
        ("gaps", [(-1, 1, 2)]),
        ("gaps", [(0, "1", 2)]),
        ("gaps", [(0, 1, 2, 3)]),
        ("since", {"other.csv": 1}),
        ("since", {"other.csv": "1"}),
        ("changed", [{"offsets": {-1: 1}}]),
        ("changed", [{"offsets": {0: -1}}]),
        ("changed", [{**CHANGE, "judged": "yes"}]),
        ("changed", [{**CHANGE, "source": {**SOURCE, "columns in order": ["y"]}}]),
        ("changed", [{**CHANGE, "source": {**SOURCE, "header": 7}}]),
        ("changed", [{**CHANGE, "source": {"format": "csv"}}]),
    ],
    ids=str,
)
def test_what_no_run_writes_is_a_damaged_state(state: Path, part: str, odd: Any) -> None:  # noqa: ANN401 - JSON
    """Found when the state is opened, before anything is made of it."""
    rewritten(state, **{part: odd})
    with pytest.raises(sr.StateError, match="damaged"):
        read(state)
