"""Jobs of what is computed for each row, and of what is reduced.

Functions, and constants that they are given, stand in one file: where Python makes one object of two constants that are
written alike, as it does within a file, a job computes with one.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

import streamreg as sr
from streamreg.testing import read
from tests.data.states.job import Topic
from tests.data.states.schemas import Price, Reading


class Colour(enum.Enum):
    RED = "red"


class Shift:
    """A callable object, and as an argument one whose text is no expression."""

    def __init__(self, by: float) -> None:
        self.by = by

    def __call__(self, x: float) -> float:
        return x + self.by


class Quoted:
    """Its text has a quote that nothing ends."""

    def __repr__(self) -> str:
        return "<it's quoted>"


def shifted(x: float, by: float, *, times: int = 1, name: str = "") -> float:
    return x + by * times + len(name)


def described(x: float, *constants: object) -> str:
    """The types of what comes as constants."""
    return f"{x}: {', '.join(type(constant).__name__ for constant in constants)}"


def kept(z: int, *, table: Mapping[int, str], fallback: str | None = None) -> str:
    return table.get(z, fallback or "none")


ARGUMENTS: Final[Sequence[object]] = (
    *(0, -1, 2**70, True, False, None, Decimal("1.10"), Decimal("-0"), Decimal("NaN")),
    *(0.0, -0.0, 1e300, 5e-324, float("nan"), float("inf"), -float("inf"), 1 + 2j),
    *("", "it's", 'a "b"', "two\nlines\\", "ä\u2028\U0001f600\0", "'), Fixed(scope=0", "'any')"),
    *(b"", b"\x00\xff'\"", (), (1,), (1, (2.5, "x")), [1, [None]], {}, {"a": [1.5, {2: b"z"}]}),
    *(
        {1},
        frozenset(),
        range(3),
        Fraction(1, 3),
        datetime.date(2026, 1, 2),
        Colour.RED,
        Shift(1.0),
    ),
    *(float, Quoted(), len, shifted),
)
"""Constants of every kind that a function may be given."""


def decimals(topic: Topic) -> None:
    """Sums, extremes and regressions of decimals."""
    t = read(topic, schema=Price, batch=9)
    sr.io.csv.write(t.select(t.amount, dear=t.amount > Decimal("10.50")), "rows.csv")
    r = sr.reducers
    totals = t.groupby(t.kind).reduce(
        t.kind, sum=r.sum(t.amount), least=r.min(t.amount), most=r.max(t.amount), n=r.count()
    )
    sr.io.csv.write(totals, "totals.csv")
    fit = t.linear_regression(t.amount, sr.poly(t.x, 2), weights=t.amount, statistics=("n", "rss"))
    sr.io.csv.write(fit, "fit.csv")
    line = t.linear_regression(t.x, t.amount, by=t.kind)
    sr.io.csv.write(line, "line.csv")


def functions(topic: Topic) -> None:
    """Python functions: by place and by name, nested, without a name, objects and builtins."""
    t = read(topic, schema=Reading, batch=10)

    def nested(x: float) -> float:
        return x * 2

    sr.io.csv.write(
        t.select(
            t.x,
            by_place=sr.apply(shifted, t.x, 0.25),
            by_name=sr.apply(shifted, t.x, by=t.y, times=t.z, name="it's"),
            nested=sr.apply(nested, t.x),
            unnamed=sr.apply(lambda x, n: f"{x}, {n}", t.x, n="n"),
            object=sr.apply(Shift(1.5), t.x),
            builtin=sr.apply_with_type(round, int, t.x),
            table=sr.apply(kept, t.z, table={1: "one", 2: "it's two"}, fallback=None),
        ),
        "rows.csv",
    )
    described_rows = t.select(said=sr.apply(described, t.x, *ARGUMENTS))
    sr.io.csv.write(described_rows, "described.csv")
    fit = t.linear_regression(t.y, t.x)
    sr.io.csv.write(fit.select(steep=sr.apply(Shift(-1.0), fit.x)), "steep.csv")
    t += t.select(w2=sr.apply(shifted, t.x, -0.0, times=-3))
    sr.io.csv.write(t.reduce(sum=sr.reducers.sum(t.w2)), "sum.csv")


def constants(topic: Topic) -> None:
    """Choices between constants of each type, among them numbers that are written in words."""
    t = read(topic, schema=Reading, batch=10)
    many, nan, inf = t.z > 2, float("nan"), float("inf")
    sr.io.csv.write(
        t.select(
            zero=sr.if_else(many, -0.0, 0.0),
            limit=sr.if_else(many, inf, -inf),
            nothing=sr.if_else(t.x > 0.0, nan, 1.5),
            tiny=sr.if_else(many, 5e-324, 1.7976931348623157e308),
            large=sr.if_else(many, 2**63 - 1, -(2**63)),
            text=sr.if_else(many, "it's", 'a "b",\nä\u2028\U0001f600'),
            scale=sr.if_else(many, Decimal("1.50"), Decimal("-1E+2")),
            truth=sr.if_else(many, True, t.x > 1.0),
            place=sr.if_else(many, "'any')", ", dtype='float')"),
            all=1.5,
        ),
        "rows.csv",
    )
    chosen = sr.if_else(t.z == 1, -0.0, sr.if_else(t.z == 2, inf, t.x))
    fit = t.linear_regression(t.y, chosen * 1.0)
    slope = next(column for column in fit if column.name != "intercept")
    sr.io.csv.write(fit.select(slope=slope, up=sr.if_else(slope > -0.0, "up", "down")), "fit.csv")
    total = t.reduce(sum=sr.reducers.sum(sr.if_else(many, t.z, -1)))
    sr.io.csv.write(total.select(total.sum, more=sr.if_else(total.sum > 2**62, 1, 0)), "sum.csv")


def weighed(x: float, weights: Sequence[float]) -> float:
    return x * sum(weights)


def comparisons(topic: Topic) -> None:
    """Integers compared with floats, also where doubles are too coarse, and equal constants that are two objects."""
    t = read(topic, schema=Reading, batch=10)
    some = t.filter((t.z > t.x) | (t.y == t.z))
    some = some.filter(some.z * 2 != some.w)
    rows = some.select(
        some.z,
        coarse=some.z + 2**53 == 2.0**53,
        chosen=sr.if_else(some.x < some.z, some.w >= some.z, some.z < some.y),
        once=sr.apply(weighed, some.x, [1.0, 2.0]),
        again=sr.apply(weighed, some.x, [1.0, 2.0]),
    )
    sr.io.csv.write(rows, "rows.csv")
    r = sr.reducers
    total = t.reduce(
        z=r.sum(t.z),
        x=r.sum(sr.apply(weighed, t.x, [0.5])),
        again=r.sum(sr.apply(weighed, t.x, [0.5])),
    )
    sr.io.csv.write(total.filter(total.z > total.x), "total.csv")
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    sr.io.csv.write(scored.filter(scored.prediction < scored.z), "scored.csv")


def reducers(topic: Topic) -> None:
    """Every reducer, over all rows and by a key, and arithmetic on them."""
    t = read(topic, schema=Reading, batch=10)
    r = sr.reducers
    total = t.reduce(
        n=r.count(),
        sum=r.sum(t.x),
        ints=r.sum(t.z),
        least=r.min(t.x),
        most=r.max(t.z),
        mean=r.avg(t.y),
        spread=(r.max(t.x) - r.min(t.x)) / r.count(),
    )
    sr.io.csv.write(total, "total.csv")
    by = t.groupby(t.z).reduce(t.z, least=r.min(t.y), most=r.max(t.x), mean=r.avg(t.z), n=r.count())
    sr.io.csv.write(by, "by_z.csv")
    two = t.reduce(
        variance=r.var_pop(t.x),
        sample=r.var_samp(t.x),
        deviation=r.stddev_pop(t.x),
        deviation_sample=r.stddev_samp(t.y),
        covariance=r.covar_pop(t.y, t.x),
        covariance_sample=r.covar_samp(t.y, t.x),
        correlation=r.corr(t.y, t.x),
        slope=r.regr_slope(t.y, t.x),
        intercept=r.regr_intercept(t.y, t.x),
        r2=r.regr_r2(t.y, t.x),
        pairs=r.regr_count(t.y, t.x),
        x=r.regr_avgx(t.y, t.x),
        y=r.regr_avgy(t.y, t.x),
        sxx=r.regr_sxx(t.y, t.x),
        syy=r.regr_syy(t.y, t.x),
        sxy=r.regr_sxy(t.y, t.x),
    )
    sr.io.csv.write(two, "two.csv")
