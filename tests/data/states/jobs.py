"""Jobs whose states are kept as test data, one of each kind: what writes the states and what continues them import it.

A job runs in the current folder, over a topic held in memory: at first a beginning of its messages, then all
of them. Nothing here may change once states are written: to a state it would be another job. All builds run this same
file, so that it uses public names alone.
"""

from __future__ import annotations

import datetime
import enum
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import numpy as np

import streamreg as sr
from streamreg.testing import read

Topic = list[list[bytes | None]]
"""The messages of each partition."""

REJECTS: Final = "rejects.jsonl"
STATE: Final = "state"


@dataclass(frozen=True)
class Opening:
    """A model that an estimator finds in a state."""

    estimator: str
    output: str
    key: Any = None

    def open(self) -> Any:  # noqa: ANN401  # estimators have no class in common
        """The estimator with that model.

        Raises:
            StateError: if the state says nothing of models.
        """
        chosen = {} if self.key is None else {"key": self.key}
        return getattr(sr, self.estimator).from_state(STATE, output=self.output, **chosen)


@dataclass(frozen=True)
class Job:
    """What runs over which topic, and what can be opened in its state."""

    write: Callable[[Topic], None]
    """Makes the program over such a topic: its outputs are in the current folder."""

    topic: Topic
    first: Sequence[int]
    """Of each partition that there is at first, how many messages."""

    rejects: bool = False
    needs: str = "linear_regression"
    """A method of tables that not every build has."""

    openings: Sequence[Opening] = field(default=())

    def beginning(self) -> Topic:
        """The topic as it is at first."""
        return [messages[:count] for messages, count in zip(self.topic, self.first, strict=False)]

    def run(self, topic: Topic, stop: Callable[[sr.Progress], bool] | None = None) -> sr.Summary:
        """Begins or continues the job in the current folder, and ends with the topic or where `stop` says so."""
        self.write(topic)
        rejects = REJECTS if self.rejects else None
        return sr.run(processes=0, state=STATE, rejects=rejects, stop=stop)


def found_models(job: Job) -> list[dict[str, Any] | None]:
    """What estimators say that open a job's models in its state; None where it says nothing of them."""
    found: list[dict[str, Any] | None] = []
    for opening in job.openings:
        try:
            model = opening.open()
        except (AttributeError, sr.StateError):
            found.append(None)  # As builds and states before format 2.
            continue
        parts = ("coef_", "intercept_", "classes_", "means_", "theta_", "var_")
        found.append({part: plain(getattr(model, part)) for part in parts if hasattr(model, part)})
    return found


def plain(value: object) -> object:
    """Arrays as lists, which JSON has."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def spread(messages: Sequence[bytes | None], partitions: int) -> Topic:
    return [list(messages[partition::partitions]) for partition in range(partitions)]


def number(index: int, modulus: int) -> float:
    """Scattered numbers with few binary digits, some negative."""
    return (index * 37 % modulus - modulus // 3) / 8


class Point(sr.Schema):
    x: float
    y: float


class Reading(sr.Schema):
    x: float
    z: int
    y: float
    w: float


class Sensor(sr.Schema):
    site: str
    number: int
    good: bool
    x: float
    y: float


class Price(sr.Schema):
    amount: Decimal
    kind: str
    x: float


class Body(sr.Schema):
    data: bytes


class Text(sr.Schema):
    data: str


# --- regressions ---------------------------------------------------------------


def line(topic: Topic) -> None:
    """The tutorial's job: its rows, and one line."""
    t = read(topic, schema=Point, batch=16)
    sr.io.csv.write(t, "rows.csv")
    fit = t.linear_regression(t.y, t.x)
    sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), "line.csv")


def variables(topic: Topic) -> None:
    """Several features with options of each kind, a computed column and a filter on both sides."""
    t = read(topic, schema=Reading, batch=10)
    t += t.select(scaled=(t.x - 0.5) * t.z // 3 + abs(t.y), root=sr.sqrt(t.x))
    sr.io.csv.write(t.filter((t.z >= 2) & ~(t.x == 0.5)), "rows.csv")
    wide = t.linear_regression(
        *(t.y, sr.poly(t.x, 3), t.z),
        statistics=("n", "df", "r2", "f_p_value", "std_error", "confidence_interval", "covariance"),
        level=0.9,
    )
    sr.io.csv.write(wide, "wide.csv")
    weighted = t.linear_regression(t.y, t.x, t.scaled, weights=t.w, singular="null")
    sr.io.csv.write(weighted.select(*weighted, sum=weighted.x + weighted.scaled), "weighted.csv")
    kept = t.filter(t.z != 3)
    ridged = kept.linear_regression(
        kept.y, kept.x, kept.root, ridge=0.125, statistics=("n", "rss", "r2")
    )
    sr.io.csv.write(ridged, "ridged.csv")
    through = t.linear_regression(t.y, t.x * t.z, intercept=False)
    sr.io.csv.write(through.filter(through["x * z"] > 0.0), "through.csv")


def keys(topic: Topic) -> None:
    """By a key of each type, and by all of them."""
    t = read(topic, schema=Sensor, format="json", batch=20)
    for key in ("site", "number", "good"):
        fit = t.linear_regression(t.y, t.x, by=t[key], statistics=("n",))
        sr.io.csv.write(fit, f"by_{key}.csv")
    by_all = t.linear_regression(
        t.y, t.x, by=(t.site, t.good, t.number), singular="null", ridge=0.5
    )
    sr.io.csv.write(by_all, "by_all.csv")
    grouped = t.groupby(t.site, t.good).reduce(
        *(t.good, t.site), n=sr.reducers.count(), mean=sr.reducers.avg(t.x) * 2.0
    )
    sr.io.csv.write(grouped.filter(grouped.n > 3), "means.csv")


# --- classes and scores --------------------------------------------------------


def classes(topic: Topic) -> None:
    """Each method, by labels of each type, with priors and without."""
    t = read(topic, schema=Sensor, format="json", batch=20)
    priors = {"north": 0.5, 'so"uth': 0.25, "it's": 0.125, "unseen": 0.125}
    linear = t.linear_discriminant(t.site, t.x, t.y, priors=priors, unbiased=True, singular="drop")
    sr.io.csv.write(linear, "linear.csv")
    quadratic = t.quadratic_discriminant(t.good, t.x, t.y, priors={True: 0.25, False: 0.75})
    sr.io.csv.write(quadratic, "quadratic.csv")
    bayes = t.gaussian_naive_bayes(t.number, t.x, t.y, var_smoothing=0.25)
    sr.io.csv.write(bayes.select(*bayes, spread=bayes.variance_x / bayes.variance_y), "bayes.csv")


def scores(topic: Topic) -> None:
    """Rows with what regressions said of them: over all rows, and by keys with weights."""
    t = read(topic, schema=Sensor, format="json", batch=20)
    fit = t.linear_regression(t.y, t.x, singular="null")
    scored = fit.predict_on(t)
    sr.io.csv.write(scored.filter(scored.good), "scored.csv")
    by = t.linear_regression(t.y, sr.poly(t.x, 2), by=(t.good, t.site), weights=abs(t.number) + 1)
    unusual = by.predict_on(t.filter(t.number != 1))
    sr.io.csv.write(
        unusual.select(
            *(unusual.site, unusual.x, unusual.prediction, unusual.standardized_residual),
            large=abs(unusual.residual) > 1.5,
            place=sr.if_else(unusual.residual > -0.0, "'any')", ", dtype='float')"),
            said=sr.apply(described, unusual.residual, *ARGUMENTS),
            named=sr.apply(kept, unusual.number, table={0: "it's"}, fallback='a "b"'),
        ),
        "unusual.csv",
    )
    sr.io.csv.write(fit, "fit.csv")


def class_scores(topic: Topic) -> None:
    """Rows with the class that they would have been put in; probabilities to six digits, which no computing changes."""
    t = read(topic, schema=Sensor, format="json", batch=20)
    priors = {"north": 0.5, 'so"uth': 0.25, "it's": 0.25}
    linear = t.linear_discriminant(t.site, t.x, t.y, priors=priors).predict_on(t)
    bayes = t.gaussian_naive_bayes(t.good, t.x, t.y, var_smoothing=0.5).predict_on(t)
    for name, scored in (("linear.csv", linear), ("bayes.csv", bayes)):
        sr.io.csv.write(
            scored.select(
                *(scored.site, scored.x, scored.predicted_label),
                right=scored.own_posterior > 0.5,
                millionths=sr.floor(scored.posterior * 1e6),
            ),
            name,
        )


# --- what is computed for each row ---------------------------------------------


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


class Colour(enum.Enum):
    RED = "red"


class Shift:
    """A callable object, and as an argument one whose text is no expression."""

    def __init__(self, by: float) -> None:
        self.by = by

    def __call__(self, x: float) -> float:
        return x + self.by


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
    *(float, len, shifted),
)
"""Constants of every kind that a function may be given."""


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


# --- formats of messages -------------------------------------------------------


def csv_header(topic: Topic) -> None:
    """The header in the topic, columns in another order, a partition that is empty at first, one that comes later."""
    t = read(topic, schema=Reading, batch=8)
    sr.io.csv.write(t, "rows.csv", time="unix_ms")
    fit = t.linear_regression(t.y, t.x)
    sr.io.csv.write(fit, "fit.csv")


def csv_named(topic: Topic) -> None:
    """The header given by the program."""
    t = read(topic, schema=Point, header=["y", "left", "x"], batch=8)
    sr.io.csv.write(t.linear_regression(t.y, t.x), "fit.csv")


def json_messages(topic: Topic) -> None:
    """JSON, with tombstones and rejects of several kinds."""
    t = read(topic, schema=Sensor, format="json", batch=15)
    sr.io.csv.write(t.without(t.good), "rows.csv")
    fit = t.linear_regression(t.y, t.x, statistics=("n",))
    sr.io.csv.write(fit, "fit.csv")


def raw(topic: Topic) -> None:
    """Raw messages as bytes."""
    t = read(topic, schema=Body, format="raw", batch=8)
    sr.io.csv.write(t, "rows.csv")
    sr.io.csv.write(t.reduce(n=sr.reducers.count()), "count.csv")


def raw_text(topic: Topic) -> None:
    """Raw messages as text."""
    t = read(topic, schema=Text, format="raw", batch=8)
    sr.io.csv.write(t.select(t.data, twice=t.data == "a"), "rows.csv")
    sr.io.csv.write(t.groupby(t.data).reduce(t.data, n=sr.reducers.count()), "count.csv")


# --- topics --------------------------------------------------------------------


def points(count: int) -> list[bytes]:
    return [f"{number(i, 101)},{number(i * i, 67)}".encode() for i in range(count)]


def readings(count: int) -> list[bytes]:
    return [
        f"{number(i, 101)},{i % 5},{number(i * i + 3 * i, 67)},{i % 4 - 0.5}".encode()
        for i in range(count)
    ]


def sensors(count: int) -> list[bytes]:
    sites = ("north", 'so"uth', "it's")
    return [
        json.dumps(
            {
                "site": sites[i * i % 3 if i % 4 else 2],
                "number": i * 7 % 4 - 1,
                "good": i * 13 % 8 < 4,
                "x": number(i, 61) + 2 * (i % 3),
                "y": number(i * i, 43) - 3 * (i % 2),
            }
        ).encode()
        for i in range(count)
    ]


def prices(count: int) -> list[bytes]:
    return [
        f"{i * 977 % 1999 / 100:.2f},{'ab'[i % 2]}{i % 3},{number(i, 31)}".encode()
        for i in range(count)
    ]


def with_header(header: bytes, topic: Topic) -> Topic:
    """The header stands first in each partition that has messages."""
    return [[header, *messages] if messages else [] for messages in topic]


READINGS: Final = with_header(b"x,z,y,w", spread([*readings(40), b"junk", *readings(80)[40:]], 3))
SENSORS: Final = spread(sensors(120), 3)
SECOND: Final = (20, 20, 20)
"""Half of the messages of three partitions, or less."""

OTHER_ORDER: Final[Topic] = [
    [b"w,more,y,x,z", *(f"1,-,{i},{i / 4},{i % 3}".encode() for i in range(30)), b"1,-,x,2,2"],
    [b"w,more,y,x,z", *(f"2,-,{i},{-i / 4},{i % 2}".encode() for i in range(9))],
    [b"w,more,y,x,z", b"1,-,3,2,1", b"w,more,y,x,z"],
]

JOBS: Final[Mapping[str, Job]] = {
    "line": Job(
        line,
        with_header(b"x,y", spread(points(90), 2)),
        (20, 25),
        openings=[Opening("LinearRegression", "line.csv")],
    ),
    "variables": Job(
        variables,
        READINGS,
        SECOND,
        rejects=True,
        openings=[
            Opening("LinearRegression", f"{name}.csv") for name in ("wide", "weighted", "ridged")
        ],
    ),
    "keys": Job(
        keys,
        SENSORS,
        SECOND,
        openings=[
            Opening("LinearRegression", "by_site.csv", 'so"uth'),
            Opening("LinearRegression", "by_number.csv", -1),
            Opening("LinearRegression", "by_good.csv", True),
            Opening("LinearRegression", "by_all.csv", ("north", False, 0)),
        ],
    ),
    "classes": Job(
        classes,
        SENSORS,
        SECOND,
        needs="linear_discriminant",
        openings=[
            Opening("LinearDiscriminantAnalysis", "linear.csv"),
            Opening("QuadraticDiscriminantAnalysis", "quadratic.csv"),
            Opening("GaussianNB", "bayes.csv"),
        ],
    ),
    "scores": Job(
        scores,
        SENSORS,
        SECOND,
        needs="predict_on",
        openings=[Opening("LinearRegression", "fit.csv")],
    ),
    "class_scores": Job(class_scores, SENSORS, SECOND, needs="predict_on"),
    "decimals": Job(
        decimals,
        with_header(b"amount,kind,x", spread(prices(60), 2)),
        (15, 12),
        openings=[Opening("LinearRegression", "fit.csv")],
    ),
    "functions": Job(functions, READINGS, SECOND, rejects=True),
    "constants": Job(constants, READINGS, SECOND, rejects=True),
    "reducers": Job(reducers, READINGS, SECOND),
    "csv_header": Job(
        csv_header,
        OTHER_ORDER,
        (15, 0),
        rejects=True,
        openings=[Opening("LinearRegression", "fit.csv")],
    ),
    "csv_named": Job(csv_named, spread([f"{i * i},-,{i}".encode() for i in range(50)], 2), (11, 0)),
    "json": Job(
        json_messages,
        [[*sensors(30), None, b"{", b'{"x": 1}', *sensors(60)[30:]], [None, b"[]", *sensors(20)]],
        (33, 2),
        rejects=True,
        openings=[Opening("LinearRegression", "fit.csv")],
    ),
    "raw": Job(
        raw, [[b"\x00\xff", b"", None, b'a,"b"\n', *map(bytes, [[i] for i in range(30)])]], (12,)
    ),
    "raw_text": Job(
        raw_text,
        [[b"a", b"\xff", b"", None, *(b"abc\n\"'"[i % 6 : i % 6 + 1] for i in range(30))]],
        (12,),
        rejects=True,
    ),
    "nothing_yet": Job(line, with_header(b"x,y", spread(points(20), 1)), (1,)),
}
"""By kind. `nothing_yet` ends at first before there is a row."""
