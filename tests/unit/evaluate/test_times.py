"""Times: what expressions give, by all four interpreters, against Python's integers and fractions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamreg._core import stamp
from streamreg._evaluate.batch import Evaluated
from streamreg._evaluate.columns import Values, to_list
from streamreg._evaluate.decimals import from_objects as decimal_column
from streamreg._evaluate.keyed import evaluate_keys
from streamreg._evaluate.nullable import packed_rows
from streamreg._evaluate.program import ALL_ROWS, Compute, Load, Program, Scope
from streamreg._evaluate.scalar import evaluate_scalars
from streamreg._evaluate.times import from_objects, iso_text
from streamreg._language.operators import signature
from streamreg._sinks.cells import cells_of, value_of
from streamreg._sinks.records import records
from streamreg._types import FIRST_SHIPPED, DType

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST = 2**63 - 1

DATETIMES = st.datetimes(timezones=st.just(UTC)) | st.sampled_from([FIRST, LAST, EPOCH])
COUNTS = (
    st.integers(-LONGEST, LONGEST)
    | st.integers(-(10**14), 10**14)
    | st.sampled_from([LONGEST, -LONGEST, 0, 1, -1])
)
TIMEDELTAS = COUNTS.map(lambda count: count * MICROSECOND)
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9)
VALUES: dict[DType, st.SearchStrategy[Any]] = {
    "datetime": DATETIMES,
    "timedelta": TIMEDELTAS,
    "int": INTEGERS,
    "float": st.floats() | st.floats(-1e6, 1e6) | st.integers(-9, 9).map(lambda n: n / 2e6),
    "decimal": st.decimals(-(10**13), 10**13, places=6) | st.decimals(-10, 10, places=8),
}


def count(value: datetime | timedelta) -> int:
    return (value - EPOCH if isinstance(value, datetime) else value) // MICROSECOND


def held(dtype: DType, micros: Fraction | int) -> object:
    """The time of so many microseconds; an error if there is none."""
    whole = int(micros)
    if micros != whole or not -LONGEST <= whole <= LONGEST:
        raise OverflowError
    gap = whole * MICROSECOND
    return EPOCH + gap if dtype == "datetime" else gap


def quotient(a: timedelta, b: timedelta) -> float:
    if not count(b):
        return math.copysign(math.inf, count(a)) if count(a) else math.nan
    return float(Fraction(count(a), count(b)))


def half_even(seconds: float) -> int:
    if not math.isfinite(seconds):
        raise ValueError
    micros: int = round(Fraction(seconds) * 10**6)
    return micros


def product(a: int | timedelta, b: int | timedelta) -> object:
    n, m = (each if isinstance(each, int) else count(each) for each in (a, b))
    return held("timedelta", n * m)


T: Final = "timedelta"
D: Final = "datetime"
Plain = Callable[..., object]
OPERATORS: list[tuple[str, tuple[DType, ...], Plain]] = [
    ("-", (D, D), operator.sub),
    ("+", (D, T), operator.add),
    ("+", (T, D), operator.add),
    ("-", (D, T), operator.sub),
    ("+", (T, T), lambda a, b: held(T, count(a) + count(b))),
    ("-", (T, T), lambda a, b: held(T, count(a) - count(b))),
    ("*", (T, "int"), product),
    ("*", ("int", T), product),
    ("/", (T, T), quotient),
    ("//", (T, T), operator.floordiv),
    ("%", (T, T), operator.mod),
    ("negative", (T,), operator.neg),
    ("absolute", (T,), abs),
    ("minimum", (D, D), min),
    ("maximum", (T, T), max),
    ("<", (D, D), operator.lt),
    ("<=", (T, T), operator.le),
    ("==", (D, D), operator.eq),
    ("!=", (T, T), operator.ne),
    (">", (T, T), operator.gt),
    (">=", (D, D), operator.ge),
]
CASTS: list[tuple[DType, DType, Plain]] = [
    ("int", D, lambda n: held(D, n)),
    ("int", T, lambda n: held(T, n)),
    ("float", D, lambda x: held(D, half_even(x))),
    ("float", T, lambda x: held(T, half_even(x))),
    ("decimal", D, lambda x: held(D, Fraction(x) * 10**6)),
    ("decimal", T, lambda x: held(T, Fraction(x) * 10**6)),
    (D, "int", count),
    (T, "int", count),
    (D, "float", lambda at: float(Fraction(count(at), 10**6))),
    (T, "float", lambda gap: float(Fraction(count(gap), 10**6))),
    (D, "decimal", lambda at: Decimal(count(at)).scaleb(-6)),
    (T, "decimal", lambda gap: Decimal(count(gap)).scaleb(-6)),
    (D, "str", iso_text),
]


def column(values: Sequence[Any], dtype: DType) -> Values:
    if dtype == "datetime" or dtype == "timedelta":
        return from_objects(values, dtype)
    if dtype == "decimal":
        return decimal_column(values)
    if dtype == "str":
        return list(values)
    return np.array(values, {"int": np.int64, "float": np.float64}[dtype])


def program(kernel: str, arguments: int, first: int | None) -> Program:
    """One kernel on loaded columns, by name, or by numbers from `first` on."""
    keys = [f"c{at}" if first is None else first + at for at in range(arguments)]
    loads = tuple(Load(ALL_ROWS, key) for key in keys)
    step = Compute(ALL_ROWS, kernel, tuple(range(arguments)), "r", "r")
    return Program((*loads, step), (Scope(-1, -1),))


def same(found: object, wanted: object) -> bool:
    if isinstance(wanted, float) and isinstance(found, float):
        return found == wanted or (math.isnan(found) and math.isnan(wanted))
    return type(found) is type(wanted) and found == wanted


def agree(
    kernel: str,
    types: tuple[DType, ...],
    result: DType,
    plain: Plain,
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Each interpreter gives what Python does on the integers behind the times, or says that there is nothing."""
    wanted: list[object] = []
    for row in rows:
        try:
            wanted.append(plain(*row))
        except (OverflowError, ZeroDivisionError, ValueError):
            wanted.append(None)
    listed = list(zip(*rows, strict=True))
    columns = [column(values, dtype) for values, dtype in zip(listed, types, strict=True)]
    arity = len(types)

    done = Evaluated(
        program(kernel, arity, None), {f"c{at}": c for at, c in enumerate(columns)}, len(rows)
    )
    batch: list[object] = [None] * len(rows)
    for place, value in zip(
        done.places(ALL_ROWS).tolist(), to_list(done.slots[arity]), strict=True
    ):
        batch[place] = value
    single = [evaluate_scalars(program(kernel, arity, 0), row)[-1] for row in rows]
    (by_key,) = evaluate_keys(program(kernel, arity, 0), [(ALL_ROWS, (arity,))], listed, len(rows))
    keyed = [by_key[place][0] for place in range(len(rows))]
    scores = [np.zeros(len(rows)) for _ in range(FIRST_SHIPPED)]
    (packed,) = packed_rows(
        program(kernel, arity, FIRST_SHIPPED),
        [(ALL_ROWS, (arity,))],
        [*scores, *columns],
        len(rows),
    )
    lines = (line for part in records([stamp(packed, 0, 1)], quotes=True) for line in part)
    written = [value_of(cells_of(line)[0], result) for line in lines]
    for found in (batch, single, keyed, written):
        assert len(found) == len(wanted)
        assert all(map(same, found, wanted)), (found, wanted)


def _id(case: object) -> str | None:
    """The same in each process: functions are shown with their addresses."""
    return None if callable(case) and not isinstance(case, type) else str(case)[:24]


@pytest.mark.parametrize(("sign", "types", "plain"), OPERATORS, ids=_id)
@settings(max_examples=40)
@given(data=st.data())
def test_oracle_operators(
    sign: str, types: tuple[DType, ...], plain: Plain, data: st.DataObject
) -> None:
    """Arithmetic and comparisons are those of exact integers of microseconds, rejected out of range."""
    rows = data.draw(st.lists(st.tuples(*(VALUES[dtype] for dtype in types)), min_size=1))
    rule = signature(sign, types)
    agree(rule.kernel, types, rule.result, plain, rows)


@pytest.mark.parametrize(("source", "target", "plain"), CASTS, ids=_id)
@settings(max_examples=40)
@given(data=st.data())
def test_oracle_casts(source: DType, target: DType, plain: Plain, data: st.DataObject) -> None:
    """Ints count microseconds, floats and decimals seconds; floats alone are rounded, of two to the even one."""
    rows = data.draw(st.lists(st.tuples(VALUES[source]), min_size=1))
    agree(f"cast.{source}.{target}", (source,), target, plain, rows)


NO_DATETIMES = (
    "",
    "2026-01-01",
    "2026-01-01T00:00",
    "2026-02-30T00:00Z",
    "now",
    "0000-12-31T23:59Z",
)
NO_TIMEDELTAS = ("", "1 s", "PT", "P1Y", "PT0.0000001S", "P106751992D")


@settings(max_examples=40)
@given(
    times=st.lists(DATETIMES, min_size=1),
    gaps=st.lists(TIMEDELTAS, min_size=1),
    offset=st.integers(-60 * 14, 60 * 14),
)
def test_oracle_texts_that_are_cast(
    times: list[datetime], gaps: list[timedelta], offset: int
) -> None:
    """A text is the time that it was written from, whatever its offset; one that is none has no value."""
    zone = timezone(timedelta(minutes=offset))
    texts: dict[str, datetime] = {}
    for at in times:
        with suppress(OverflowError):
            texts[at.astimezone(zone).isoformat()] = at
        texts[iso_text(at)] = at
    rows = [(text,) for text in (*texts, *NO_DATETIMES)]
    agree("cast.str.datetime", ("str",), D, texts.get, rows)
    lengths = {iso_text(gap): gap for gap in gaps}
    rows = [(text,) for text in (*lengths, *NO_TIMEDELTAS)]
    agree("cast.str.timedelta", ("str",), T, lengths.get, rows)


@given(rows=st.lists(st.tuples(DATETIMES, COUNTS.map(abs), DATETIMES), min_size=1))
@example(rows=[(EPOCH - MICROSECOND, 3 * 10**8, EPOCH)])
@example(rows=[(FIRST, LONGEST, LAST), (FIRST, 2, FIRST + MICROSECOND)])
def test_oracle_floor_time(rows: list[tuple[datetime, int, datetime]]) -> None:
    """The last point of the grid that is not after the time, also before 1970 and before the origin."""
    steps = [(at, max(step, 1) * MICROSECOND, origin) for at, step, origin in rows]

    def floor(at: datetime, step: timedelta, origin: datetime) -> datetime:
        return (
            EPOCH
            + (count(origin) + (count(at) - count(origin)) // count(step) * count(step))
            * MICROSECOND
        )

    agree("floor_time.datetime", (D, T, D), D, floor, steps)


@given(at=DATETIMES, gap=TIMEDELTAS)
def test_law_texts_are_those_of_iso_8601(at: datetime, gap: timedelta) -> None:
    """Datetimes are written in UTC, to the second or in six digits, timedeltas in hours and less; both read back."""
    text = iso_text(at)
    assert datetime.fromisoformat(text) == at == value_of(text.encode(), "datetime")
    plain = at.isoformat().removesuffix("+00:00")
    assert text == f"{plain}Z"
    assert value_of(iso_text(gap).encode(), "timedelta") == gap


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(hours=1, minutes=30, milliseconds=500), "PT1H30M0.5S"),
        (timedelta(days=-1), "-PT24H"),
        (timedelta(minutes=5), "PT5M"),
        (timedelta(microseconds=-1), "-PT0.000001S"),
        (timedelta(seconds=61), "PT1M1S"),
    ],
)
def test_texts_of_timedeltas(gap: timedelta, text: str) -> None:
    """No part that is zero is written, but for nothing at all."""
    assert iso_text(gap) == text
