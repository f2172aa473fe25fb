"""Decimals, weights and exact powers through a whole run, with a state, and verified afterwards."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read
from tests.support.changelog import inserted, result
from tests.support.plans import csv_output


class Price(sr.Schema):
    x: Decimal
    y: Decimal
    w: float


# y = 0.3 + 0.1 x - 0.01 x^2, exactly, which no doubles are.
XS = [Decimal(i) / 10 for i in range(-40, 41)]
ROWS = [(x, Decimal("0.3") + x / 10 - x * x / 100, (i % 7) / 4) for i, x in enumerate(XS)]
WRONG = 3


def messages(format: str) -> list[list[bytes | None]]:
    """The points, three messages that are none, and a negative weight, on two partitions."""
    if format == "csv":
        texts = [f"{x},{y},{w}" for x, y, w in ROWS] + ["0.1,1e500,1", "x,1,1", f"1,{'7' * 35},1"]
        texts.append("5,5,-1")
    else:
        # As numbers and as strings: both are taken from their text.
        texts = [
            f'{{"w": {w}, "x": {x}, "y": {json.dumps(str(y)) if x > 0 else y}}}' for x, y, w in ROWS
        ]
        texts += ['{"x": 1e500, "y": 1, "w": 1}', '{"x": "", "y": 1, "w": 1}', '{"x": true}']
        texts.append('{"x": 5, "y": "5", "w": -1}')
    encoded: list[bytes | None] = [text.encode() for text in texts]
    return [encoded[::2], encoded[1::2]]


def tables(format: str, count: int) -> dict[str, sr.Table]:
    """What is written, from the first messages of each partition."""
    parts = [part[:count] for part in messages(format)]
    names = ["x", "y", "w"] if format == "csv" else None
    t = testing.read(parts, schema=Price, format=format, header=names, batch=5)  # type: ignore[arg-type]
    kept = t.filter(t.x >= -3)
    return {
        "rows.csv": t,
        "kept.csv": kept.select(kept.x, half=Decimal("0.50"), near=sr.cast(float, kept.y)),
        "fit.csv": t.linear_regression(t.y, sr.poly(t.x, 2)),
        "weighted.csv": kept.linear_regression(kept.y, sr.poly(kept.x, 2), weights=kept.w),
        "sums.csv": t.reduce(
            s=sr.reducers.sum(t.y),
            a=sr.reducers.avg(t.y),
            lo=sr.reducers.min(t.y),
            hi=sr.reducers.max(t.x),
            slope=sr.reducers.regr_slope(t.x, t.x),
            sxx=sr.reducers.regr_sxx(t.y, t.x),
        ),
    }


@pytest.mark.parametrize("format", ["csv", "json"])
def test_a_run_of_decimals(folder: Path, processes: int, format: str) -> None:
    """Two runs of one state give the exact result of all rows, and verify finds nothing wrong."""
    for count in (17, 1000):
        for name, table in tables(format, count).items():
            sr.io.csv.write(table, folder / name)
        summary = sr.run(processes=processes, state=folder / "state", rejects=folder / "rejects")
    assert sum(summary.rejects.values()) == WRONG

    whole = [*ROWS, (Decimal(5), Decimal(5), -1.0)]
    shown = {(str(x), str(y), repr(w)) for x, y, w in whole}
    plain = {(f"{Decimal(x):f}", f"{Decimal(y):f}", w) for x, y, w in shown}
    assert {(x, y, w) for x, y, w in inserted("rows.csv", "x", "y", "w")} == {
        (_stripped(x), _stripped(y), w) for x, y, w in plain
    }
    assert result("weighted.csv", "intercept", "x", "x^2") == ("0.3", "0.1", "-0.01")
    total = sum((y for _, y, _ in whole), Decimal())
    sums = result("sums.csv", "s", "a", "lo", "hi", "slope", "sxx")
    assert sums is not None
    assert (Decimal(sums[0]), sums[2:5]) == (total, ("-0.26", "5", "1.0"))
    assert sums[1] == repr(float(total / len(whole)))

    plan = compile_plan([csv_output(t, str(folder / n)) for n, t in tables(format, 1000).items()])
    checks = list(
        verify(plan, read(folder / "state"), folder / "rejects", report=print, tell=lambda *_: None)
    )
    assert [check.subject for check in checks if check.difference] == []
    assert len(checks) > len(plan.outputs)


def _stripped(text: str) -> str:
    """Without the zeros that end a fraction: how decimals are written."""
    return text.rstrip("0").rstrip(".") if "." in text else text
