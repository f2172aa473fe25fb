"""Rows a second and digits of the coefficients, beside the packages that fit a line in Python.

    python -m benches.numerics [--rounds 3] [--json FILE]

Digits: how many the worst coefficient has in common with the one that NIST certifies (log relative error, 15 at
most), on its data sets of points about a line, a plane or a polynomial. Speed: a line through normal points.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benches.rivals import RIVALS, Floats, Rival
from streamreg._bench.tables import table
from streamreg._cli.bench import keep, tell
from streamreg._core import Moments

_CERTIFIED = Path(__file__).with_name("data") / "nist.json"
_POINTS = Path(__file__).parents[1] / "rust" / "streamreg-core" / "tests" / "nist"
_MOST_DIGITS = 15.0
_SETS = json.loads(_CERTIFIED.read_text())["sets"]
HEAD = ["fit", "rows a second", *_SETS]


@dataclass(frozen=True)
class Fit:
    """What one rival came to."""

    rows_a_second: float
    digits: dict[str, float]


def points(name: str, degree: int) -> tuple[Floats, Floats]:
    """Features (a single one with its powers) and target of a data set."""
    rows = np.loadtxt(_POINTS / f"{name}.csv", delimiter=",", skiprows=1)
    powers = [rows[:, 1] ** power for power in range(2, degree + 1)]
    return np.column_stack([rows[:, 1:], *powers]), np.ascontiguousarray(rows[:, 0])


def digits(found: list[float], certified: list[str]) -> float:
    """Decimal digits that the worst coefficient shares with the certified one."""
    return min(_digits(one, float(text)) for one, text in zip(found, certified, strict=True))


def _digits(found: float, certified: float) -> float:
    if not math.isfinite(found):
        return 0.0
    error = abs(found - certified) / (abs(certified) or 1.0)
    return _MOST_DIGITS if error == 0 else min(max(-math.log10(error), 0.0), _MOST_DIGITS)


def speed(rival: Rival, rounds: int) -> float:
    """Rows a second, the best of some rounds; the answer is looked at first."""
    random = np.random.default_rng(5)
    x = random.normal(size=(rival.rows, 1))
    y = 3 + 2 * x[:, 0] + random.normal(size=rival.rows)
    if not all(map(math.isfinite, rival.fit(x, y))):
        raise SystemExit(f"{rival.name}: no answer")
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        rival.fit(x, y)
        seconds.append(time.perf_counter() - started)
    return rival.rows / min(seconds)


def state_bytes() -> int:
    """What the exact state of a line takes after 100,000 normal points."""
    random = np.random.default_rng(5)
    moments = Moments(1)
    moments.add([random.normal(size=100_000), random.normal(size=100_000)])
    return len(moments.to_bytes())


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    # What a rival says about the condition of its matrix is shown by its digits.
    warnings.simplefilter("ignore")
    found: dict[str, Fit] = {}
    for rival in RIVALS:
        try:
            rate = speed(rival, arguments.rounds)
        except ModuleNotFoundError as error:
            tell(f"{rival.name}: {error.name} is not installed")
            continue
        shares = {
            name: digits(rival.fit(*points(name, one["degree"])), one["coefficients"])
            for name, one in _SETS.items()
        }
        found[rival.name] = Fit(rate, shares)
        tell(f"{rival.name}: {rate:,.0f} rows a second")
    rows = [
        [
            name,
            f"{one.rows_a_second:,.0f}",
            *(f"{share:.1f}" for share in one.digits.values()),
        ]
        for name, one in found.items()
    ]
    print(table(HEAD, rows))
    keep(arguments, {"fits": rows, "state_bytes": state_bytes()})


if __name__ == "__main__":
    main()
