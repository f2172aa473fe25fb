"""Rolling regressions over windows of 252 rows, beside libraries that have them: rows a second, and digits.

    python -m benches.rolling [--rows 1000000] [--rounds 3] [--json FILE]

Rate: of one thread, in seconds of the processor, the best of some rounds in which the contenders take turns. Digits:
how many the slope has in common with the exact one, which is worked out in rationals, in the worst and in the median of
16 windows (log relative error, 15 at most). Contenders that are slow get fewer rows. pandas' formula is cov/var, which
is the slope of one feature and no intercept.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import streamreg as sr
from streamreg._bench.tables import table
from streamreg._cli.bench import keep, tell

Floats = NDArray[np.float64]

WINDOW: Final = 252
_WINDOWS: Final = 16
_MOST: Final = 15.0
HEAD: Final = ["data", "contender", "rows a second", "beside ours", "digits, worst", "median"]


@dataclass(frozen=True)
class Data:
    """Features, (features, rows), and a target."""

    name: str
    x: Floats
    y: Floats


@dataclass(frozen=True)
class Contender:
    """A library: what makes its frame of the data, what fits all windows, and what takes the first slopes from that."""

    name: str
    package: str
    share: float
    """Of the rows, so many are given to it."""
    several: bool
    """Whether it takes more than one feature."""
    frame: Callable[[Data], Any]
    fit: Callable[[Any, int], Any]
    slopes: Callable[[Any], Any]


def datasets(rows: int) -> list[Data]:
    """Ordinary numbers, times, and outliers that pass."""
    random = np.random.default_rng(252)

    def made(name: str, features: int, x0: Floats | None = None) -> Data:
        x = random.normal(size=(features, rows))
        if x0 is not None:
            x[0] = x0
        return Data(name, x, 1 + 2 * x.sum(axis=0) + random.normal(size=rows))

    plain = made("normal, one feature", 1)
    times = made("x in epoch seconds", 1, 1.7e9 + np.arange(rows) / 2)
    of_y = made("an outlier of 1e12 in y has passed", 1)
    of_both = made("... in x and y", 1)
    of_y.y[rows // 3] = of_both.y[rows // 3] = of_both.x[0, rows // 3] = 1e12
    return [plain, made("normal, five features", 5), times, of_y, of_both]


def _names(data: Data) -> list[str]:
    return [f"x{at}" for at in range(len(data.x))]


def _polars(data: Data) -> Any:  # noqa: ANN401  # a frame of polars
    import polars

    return polars.DataFrame({**dict(zip(_names(data), data.x, strict=True)), "y": data.y})


def _ours(frame: Any, features: int) -> Any:  # noqa: ANN401
    names = [f"x{at}" for at in range(features)]
    return sr.rolling_linear_regression(frame, "y", names, window=WINDOW)


def _polars_ds(frame: Any, features: int) -> Any:  # noqa: ANN401
    import polars_ds

    names = [f"x{at}" for at in range(features)]
    fit = polars_ds.rolling_lin_reg(*names, target="y", window_size=WINDOW, add_bias=True)
    return frame.select(fit.alias("fit"))["fit"]


def _pandas(data: Data) -> Any:  # noqa: ANN401  # two columns of pandas
    import pandas

    return pandas.Series(data.x[0]), pandas.Series(data.y)


def _formula(frame: Any, _: int) -> Any:  # noqa: ANN401
    x, y = frame
    return x.rolling(WINDOW).cov(y) / x.rolling(WINDOW).var()


def _statsmodels(data: Data) -> Any:  # noqa: ANN401  # arrays
    return np.column_stack([np.ones(len(data.y)), *data.x]), data.y


def _rolling_ols(frame: Any, _: int) -> Any:  # noqa: ANN401
    from statsmodels.regression.rolling import RollingOLS

    x, y = frame
    return RollingOLS(y, x, window=WINDOW).fit(params_only=True).params


OURS: Final = Contender(
    "streamreg", "streamreg", 1, True, _polars, _ours, lambda found: found["x0"].to_numpy()
)
CONTENDERS: Final = (
    OURS,
    Contender(
        *("polars_ds", "polars-ds", 1, True, _polars, _polars_ds),
        lambda found: found.struct.field("coeffs").list.get(0).to_numpy(),
    ),
    Contender(
        *("pandas, cov/var", "pandas", 1, False, _pandas, _formula),
        lambda found: found.to_numpy(),
    ),
    Contender(
        *("statsmodels", "statsmodels", 0.05, True, _statsmodels, _rolling_ols),
        lambda found: found[:, 1],
    ),
)


def exact_slope(data: Data, last: int) -> Fraction:
    """The first slope of the window that ends with a row, in rationals."""
    own = slice(last + 1 - WINDOW, last + 1)
    columns = [[Fraction(value) for value in column[own].tolist()] for column in [*data.x, data.y]]
    centred = []
    for column in columns:
        mean = sum(column, Fraction()) / WINDOW
        centred.append([value - mean for value in column])
    size = len(data.x)
    matrix = [
        [sum((a * b for a, b in zip(one, other, strict=True)), Fraction()) for other in centred]
        for one in centred[:size]
    ]
    for at in range(size):
        for row in range(size):
            if row != at:
                factor = matrix[row][at] / matrix[at][at]
                matrix[row] = [
                    entry - factor * over
                    for entry, over in zip(matrix[row], matrix[at], strict=True)
                ]
    return matrix[0][size] / matrix[0][0]


def digits(found: float, exact: Fraction) -> float:
    """Decimal digits in common, 15 at most."""
    if not math.isfinite(found):
        return 0.0
    error = abs(Fraction(found) - exact) / abs(exact)
    return _MOST if error == 0 else min(max(-math.log10(error), 0.0), _MOST)


def places(rows: int) -> list[int]:
    """Rows after the outlier has left, spread evenly."""
    first = rows // 3 + WINDOW + 1
    return [int(row) for row in np.linspace(first, rows - 1, _WINDOWS)]


def installed() -> list[Contender]:
    """Those that are there."""
    found = []
    for contender in CONTENDERS:
        try:
            version(contender.package)
        except ModuleNotFoundError:
            tell(f"{contender.name}: {contender.package} is not installed")
        else:
            found.append(contender)
    return found


def shorter(data: Data, share: float) -> Data:
    """The first third, with the outlier, and what follows it, as far as the share goes."""
    if share == 1:
        return data
    rows = len(data.y)
    own = slice(
        rows // 3 - int(rows * share / 3), rows // 3 - int(rows * share / 3) + int(rows * share)
    )
    return Data(data.name, np.ascontiguousarray(data.x[:, own]), data.y[own].copy())


def measured(data: Data, contender: Contender, rounds: list[float], slopes: Floats) -> list[float]:
    """Rate, and the worst and the median of the digits."""
    rows = places(len(data.y))
    found = [digits(float(slopes[row]), exact_slope(data, row)) for row in rows]
    if contender is OURS and any(
        float(slopes[row]) != float(exact_slope(data, row)) for row in rows
    ):
        raise SystemExit(f"{data.name}: ours is not the double nearest to the exact slope")
    return [len(data.y) / min(rounds), min(found), median(found)]


def compare(data: Data, rounds: int) -> list[list[str]]:
    """A row for each contender, which take turns."""
    own = [each for each in installed() if each.several or len(data.x) == 1]
    given = [shorter(data, each.share) for each in own]
    frames = [each.frame(part) for each, part in zip(own, given, strict=True)]
    seconds: list[list[float]] = [[] for _ in own]
    fits: list[Any] = [None] * len(own)
    for _ in range(rounds):
        for at, each in enumerate(own):
            started = time.process_time()
            fits[at] = each.fit(frames[at], len(data.x))
            seconds[at].append(time.process_time() - started)
    found = [
        measured(part, each, times, np.asarray(each.slopes(fit)))
        for each, part, times, fit in zip(own, given, seconds, fits, strict=True)
    ]
    rows = []
    for each, (rate, worst, middle) in zip(own, found, strict=True):
        beside = f"{rate / found[0][0]:.3f}"
        rows.append([data.name, each.name, f"{rate:,.0f}", beside, f"{worst:.1f}", f"{middle:.1f}"])
        tell(", ".join(rows[-1]))
    return rows


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = "1"  # before it is imported
    rows = [row for data in datasets(arguments.rows) for row in compare(data, arguments.rounds)]
    print(table(HEAD, rows))
    versions = ", ".join(f"{each.package} {version(each.package)}" for each in installed())
    keep(arguments, {"rolling": rows, "versions": versions})


if __name__ == "__main__":
    main()
