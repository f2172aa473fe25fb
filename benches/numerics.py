"""Rows a second and digits of the coefficients, beside those that fit a linear model.

    python -m benches.numerics [--rounds 3] [--json FILE]

Digits: how many the worst coefficient has in common with the one that NIST certifies (log relative error, 15 at
most; 15 also where it is the certified value once rounded to 15 digits), on its data sets of points about a line, a
plane or a polynomial. Speed: a line through normal points.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benches.problems import Problem, certified, line
from benches.rivals import RIVALS, Rival
from streamreg._bench.tables import table
from streamreg._cli.bench import keep, tell
from streamreg._core import Moments
from tests.support import nist

_SETS = certified()
HEAD = ["fit", "rows a second", *_SETS]


@dataclass(frozen=True)
class Fit:
    """What one rival came to; None where it has no such model, or is not measured."""

    rows_a_second: float | None
    digits: dict[str, float | None]

    def cells(self) -> list[str]:
        """As a row of the table."""
        speed = "" if self.rows_a_second is None else f"{self.rows_a_second:,.0f}"
        return [speed, *("" if one is None else f"{one:.1f}" for one in self.digits.values())]


def digits(rival: Rival, problem: Problem) -> float | None:
    """Decimal digits that the worst coefficient shares with the certified one."""
    found = rival.fit(problem)
    if found is None:
        return None
    return min(
        _digits(float(one), text) for one, text in zip(found, problem.certified, strict=True)
    )


def _digits(found: float, text: str) -> float:
    if not math.isfinite(found):
        return 0.0
    return float(nist.DIGITS) if nist.agrees(found, text) else max(nist.digits(found, text), 0.0)


def speed(rival: Rival, rounds: int) -> float | None:
    """Rows a second, the best of some rounds; the result is looked at first."""
    if not rival.rows:
        return None
    problem = line(rival.rows)
    if not all(map(math.isfinite, rival.fit(problem) or [math.nan])):
        raise SystemExit(f"{rival.name}: no result")
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        rival.fit(problem)
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
    rows: list[list[str]] = []
    for rival in RIVALS:
        try:
            rate = speed(rival, arguments.rounds)
            shares = {name: digits(rival, problem) for name, problem in _SETS.items()}
        except (ModuleNotFoundError, FileNotFoundError) as error:
            tell(f"{rival.name}: {getattr(error, 'name', None) or error.filename} is not installed")  # type: ignore[union-attr]
            continue
        rows.append([rival.name, *Fit(rate, shares).cells()])
        tell(", ".join(rows[-1]))
    print(table(HEAD, rows))
    keep(arguments, {"fits": rows, "state_bytes": state_bytes()})


if __name__ == "__main__":
    main()
