"""Entries of frames at the ends of their types: each is exactly what the library holds, or a reject of its row."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamreg as sr
from streamreg.testing import collect

REJECT = object()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PER = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
COUNTS = (0, 1, -1, 1_000, 1_001, 10**9 + 1, 2**54, 2**62, 2**62 + 1, 2**63 - 1, -(2**63), None)
"""How many of a unit; what NumPy and narwhals lose of them differs from unit to unit."""


def expected(count: int | None, unit: str, first: int, last: int) -> object:
    """The microseconds of so many; REJECT if a column cannot hold them."""
    if count is None:
        return None
    micros, rest = divmod(count * 10**6, PER[unit])
    return REJECT if rest or not first <= micros <= last else micros


MOST = 2**63 - 1
DATETIMES = (-62_135_596_800_000_000, 253_402_300_799_999_999)


class Datetimes(sr.Schema):
    v: datetime | None


class Timedeltas(sr.Schema):
    v: timedelta | None


def as_arrow(counts: list[int | None], of: pa.DataType) -> object:
    return pa.table({"v": pa.array(counts, of)})


def as_pandas(counts: list[int | None], of: pa.DataType) -> object:
    """With NaT, which pandas has for the least integer."""
    kept = [None if count == -(2**63) else count for count in counts]
    return pa.table({"v": pa.array(kept, of)}).to_pandas()


def as_pandas_of_arrow(counts: list[int | None], of: pa.DataType) -> object:
    return pd.DataFrame({"v": pd.arrays.ArrowExtensionArray(pa.array(counts, of))})


def check(schema: type[sr.Schema], frame: object, wanted: Sequence[object]) -> None:
    """The column `v` of a frame has these values, and rejects where that is wanted."""
    found = collect(sr.from_frame(frame, schema=schema))
    summary = sr.run(processes=0)
    sr.clear()
    assert [row[0] for row, _, _ in found] == [each for each in wanted if each is not REJECT]
    assert sum(summary.rejects.values()) == wanted.count(REJECT)


@pytest.mark.parametrize("unit", PER)
@pytest.mark.parametrize("frame", [as_arrow, as_pandas, as_pandas_of_arrow])
def test_oracle_times_of_every_unit(frame: Callable[..., object], unit: str) -> None:
    """A time is what its count says, to the microsecond, or a reject; missing times beside it change nothing."""
    counts = [
        None if frame is as_pandas and count == -(2**63) else count
        for count in (*COUNTS, *range(1_700_000_000, 1_700_000_005))
    ]
    for schema, of, (first, last) in (
        (Datetimes, pa.timestamp(unit, "UTC"), DATETIMES),
        (Timedeltas, pa.duration(unit), (-MOST, MOST)),
    ):
        for some in (counts, [count for count in counts if count is not None]):
            micros = [expected(count, unit, first, last) for count in some]
            zero = EPOCH if schema is Datetimes else timedelta()
            wanted = [
                zero + timedelta(microseconds=each) if isinstance(each, int) else each
                for each in micros
            ]
            check(schema, frame(some, of), wanted)


def test_times_of_numpy_in_steps() -> None:
    """A unit of NumPy's may be a multiple; what is no whole microsecond is a reject, and months have no length."""
    steps = np.array([1000, 1001, 2**62, -1000, 2000], "m8[7ns]")
    fits = [timedelta(microseconds=7 * count) for count in (1, -1, 2)]
    check(Timedeltas, {"v": steps}, [fits[0], REJECT, REJECT, *fits[1:]])
    wide = np.array([1, 2**62], "m8[5000000ns]")
    check(Timedeltas, {"v": wide}, [timedelta(milliseconds=5), REJECT])
    with pytest.raises(sr.ConfigurationError, match="no length of their own"):
        sr.from_frame({"v": np.array([1], "m8[M]")}, schema=Timedeltas)


def test_datetimes_as_objects() -> None:
    """Nanoseconds of pandas, and times that leave the calendar in UTC, are rejects."""
    late = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
    texts = ["2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00.000001Z", None]
    check(Datetimes, {"v": [late, EPOCH]}, [REJECT, EPOCH])
    first = datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    check(Datetimes, {"v": pd.Series(pd.to_datetime(texts))}, [REJECT, first, None])


def column(of: object) -> type[sr.Schema]:
    return type("Column", (sr.Schema,), {"__annotations__": {"v": of}})


@pytest.mark.parametrize(
    ("of", "values", "wanted"),
    [
        (str, ["a\0", "a", "\0"], ["a\0", "a", "\0"]),
        (str, ("a\0", "a"), ["a\0", "a"]),
        (bytes, [b"a\0", b"a"], [b"a\0", b"a"]),
        (str, [], []),
        (datetime, [], []),
        (float, [10**400, -(10**5000), 1], [REJECT, REJECT, 1.0]),
        (int, [10**5000, 1], [REJECT, 1]),
        (Decimal, [10**5000, 1], [REJECT, Decimal(1)]),
        (int, pl.Series([1, 2**100, None], dtype=pl.Int128), [1, REJECT, REJECT]),
        (float, pl.Series([1, 2**100], dtype=pl.Int128), [1.0, 2.0**100]),
    ],
)
def test_entries_are_whole(of: type, values: object, wanted: list[object]) -> None:
    """Zeros at the end of texts stay, and what is too great for a column is a reject."""
    frame = values.to_frame("v") if isinstance(values, pl.Series) else {"v": values}
    check(column(of), frame, wanted)


def bad_text() -> pa.Array:
    """Arrow does not look whether a text is UTF-8."""
    return pa.array([b"a", b"\xff", None]).view(pa.string())


@pytest.mark.parametrize("parquet", [False, True])
def test_what_is_no_text_is_a_reject(tmp_path: Path, *, parquet: bool) -> None:
    """A text of Arrow that is no UTF-8 stops nothing."""
    frame = pa.table({"v": bad_text()})
    if parquet:
        pq.write_table(frame, tmp_path / "0.parquet")
        found = collect(
            sr.io.parquet.read(tmp_path / "0.parquet", schema=column(str | None), mode="static")
        )
        assert sr.run(processes=0).rejects == {"invalid-utf8": 1}
        assert [row[0] for row, _, _ in found] == ["a", None]
    else:
        check(column(str | None), frame, ["a", REJECT, None])


TWICE = pa.table([pa.array([1.0]), pa.array([2.0])], names=["v", "v"])


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ({"v": 5.0}, "v: expected an array or a list, found float"),
        ({"v": [[1, 2], [3]]}, "v: expected single values of one type"),
        (TWICE, "columns of one name"),
        (pd.DataFrame([[1.0, 2.0]], columns=["v", "v"]), "columns of one name"),
    ],
)
def test_frames_that_are_none(frame: object, text: str) -> None:
    """One line says what is the matter."""
    with pytest.raises(sr.ConfigurationError, match=text):
        sr.from_frame(frame, schema=column(float))


def test_damaged_parquet(tmp_path: Path) -> None:
    """A page that cannot be read ends the run with the name of the file, and so do columns of one name."""
    path = tmp_path / "0.parquet"
    values = np.random.default_rng(1).normal(size=5_000)
    pq.write_table(pa.table({"v": values}), path, compression="zstd")
    whole = bytearray(path.read_bytes())
    whole[4:2_000] = bytes(1_996)
    path.write_bytes(whole)
    collect(sr.io.parquet.read(path, schema=column(float), mode="static"))
    with pytest.raises(sr.SourceError, match=r"0\.parquet' cannot be read: "):
        sr.run(processes=0)
    sr.clear()
    pq.write_table(TWICE, path)
    collect(sr.io.parquet.read(path, schema=column(float), mode="static"))
    with pytest.raises(sr.SourceError, match=r"0\.parquet': .*columns of one name"):
        sr.run(processes=0)
