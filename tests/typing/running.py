"""What a type checker sees of sources, outputs and runs. Checked by `mypy --strict`, never run.

A line with `type: ignore` is one that must be refused: an ignore that is not needed is an error.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import assert_type

import streamreg as sr
from streamreg import testing


class Reading(sr.Schema):
    """One column of each type."""

    value: float
    count: int
    valid: bool
    sensor: str
    payload: bytes


def sources(settings: dict[str, str], exact: dict[str, str | int]) -> None:
    """Each source gives a table; formats and modes are checked when they are written."""
    t = sr.io.kafka.read(settings, topic="t", schema=Reading)
    assert_type(t, sr.Table)
    assert_type(
        sr.io.kafka.read(
            exact,
            "t",
            schema=Reading,
            format="json",
            mode="static",
            autocommit_duration_ms=0,
        ),
        sr.Table,
    )
    sr.io.kafka.read(settings, topic="t", schema=Reading, format="csv", header=("value", "count"))
    assert_type(sr.demo.noisy_linear_stream(), sr.Table)
    assert_type(sr.demo.noisy_linear_stream(nb_rows=10, input_rate=0.5), sr.Table)
    assert_type(testing.read([[b"1", None], []], schema=Reading, header=["value"]), sr.Table)

    sr.io.kafka.read(settings, topic="t")  # type: ignore[call-arg]
    sr.io.kafka.read(settings, "t", Reading)  # type: ignore[call-arg]
    sr.io.kafka.read(settings, topic="t", schema=Reading())  # type: ignore[arg-type]
    sr.io.kafka.read(settings, topic="t", schema=dict)  # type: ignore[arg-type]
    sr.io.kafka.read(settings, topic="t", schema=Reading, format="xml")  # type: ignore[arg-type]
    sr.io.kafka.read(settings, topic="t", schema=Reading, mode="once")  # type: ignore[arg-type]
    sr.io.kafka.read({"a": None}, topic="t", schema=Reading)  # type: ignore[dict-item]
    sr.io.kafka.read("localhost:9092", topic="t", schema=Reading)  # type: ignore[arg-type]
    sr.demo.noisy_linear_stream(nb_rows=1.5)  # type: ignore[arg-type]
    testing.read([["1,2"]], schema=Reading)  # type: ignore[list-item]


def outputs(t: sr.Table, path: Path) -> None:
    """A table goes to a path, with one clock or the other."""
    sr.io.csv.write(t, "rows.csv")
    sr.io.csv.write(t.select(t.value), path, time="unix_ms")

    sr.io.csv.write(t.value, "rows.csv")  # type: ignore[arg-type]
    sr.io.csv.write(t, b"rows.csv")  # type: ignore[arg-type]
    sr.io.csv.write(t, path, time="seconds")  # type: ignore[arg-type]


def runs(t: sr.Table, path: Path) -> None:
    """A run gives its summary; what is called on the way gets the progress."""
    assert_type(sr.run(), sr.Summary)
    told: list[sr.Progress] = []
    stop: Callable[[sr.Progress], bool] = lambda progress: progress.rows >= 10  # noqa: E731
    summary = sr.run(
        processes=2,
        state=path,
        durability="power",
        rejects="rejects.jsonl",
        max_rejects=100,
        progress=told.append,
        stop=stop,
    )
    assert_type(summary.rows, int)
    assert_type(summary.epochs, int)
    assert_type(summary.rejects, Mapping[str, int])
    assert_type(summary.tombstones, int)
    assert_type(summary.excluded, int)
    assert_type(summary.seconds, float)
    assert_type(summary.ended_by, str)
    assert_type(told[0].rows_per_second, float)
    assert_type(told[0].lag, int | None)
    assert_type(told[0].results, Mapping[str, Mapping[str, object]])

    sr.run(listen="127.0.0.1:9464")
    sr.run(listen={"address": "0.0.0.0:9464", "token": "t", "hosts": ("metrics",)})
    sr.run(listen={"port": 9464})  # type: ignore[arg-type]
    sr.run(listen=9464)  # type: ignore[arg-type]
    sr.run(progress=True)
    sr.run(progress=print)
    sr.run(4)  # type: ignore[call-arg, arg-type]
    output = sr.io.csv.write(t, path)
    assert_type(output, sr.Output)
    sr.run(outputs=[output])
    sr.run(outputs=[t])  # type: ignore[list-item]
    sr.run(processes="2")  # type: ignore[arg-type]
    sr.run(durability="disk")  # type: ignore[arg-type]
    sr.run(stop=told.append)  # type: ignore[arg-type]
    sr.run(progress=lambda: None)  # type: ignore[arg-type, misc]
    summary.rows = 1  # type: ignore[misc]
    summary.rejects["null"] = 0  # type: ignore[index]


def results(t: sr.Table) -> None:
    """Reducers take columns and constants, and are expressions."""
    r = sr.reducers
    for of_one in (r.sum, r.min, r.max, r.avg):
        assert_type(of_one(t.value), sr.Expression)
    for of_two in (r.regr_slope, r.regr_intercept, r.regr_r2, r.regr_count, r.regr_sxy):
        assert_type(of_two(t.value, sr.this.count), sr.Expression)
    assert_type(t.reduce(share=r.sum(t.value) / r.count() * 100), sr.Table)

    r.count(t.value)  # type: ignore[call-arg]
    r.sum()  # type: ignore[call-arg]
    r.sum("value", t.count)  # type: ignore[call-arg]
    r.avg([1.0, 2.0])  # type: ignore[arg-type]
    r.regr_slope(t.value)  # type: ignore[call-arg]
    t.reduce(r.count())  # type: ignore[call-arg]
    t.reduce(n=1)  # type: ignore[arg-type]


def errors() -> None:
    """Each error is also the built-in one that it stands for."""
    try:
        sr.run()
    except sr.StateError as error:
        assert_type(error, sr.StateError)
    except sr.StreamregError as error:
        assert_type(str(error), str)
    value: ValueError = sr.ConfigurationError("x")
    program: TypeError = sr.ProgramError("x")
    missing: AttributeError = sr.UnknownColumnError("x")
    file: OSError = sr.OutputError("x")
    worker: RuntimeError = sr.WorkerError("x")
    assert [value, program, missing, file, worker]

    other: ValueError = sr.StateError("x")  # type: ignore[assignment]
    assert [other]
