"""States that hold what no run writes, and all that reads a state."""

import copy
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import streamreg as sr
from streamreg._cli import main
from streamreg._language import outputs
from streamreg._operate.inspect import describe, lines
from streamreg._operate.verify.verify import verify
from streamreg._run import job_change, resume
from streamreg._sinks.contract import RunTerms
from streamreg._sinks.rejects import RejectsFile
from streamreg._state.checkpoint import checksum_of
from streamreg._state.commit_record import CommitRecord, CommitRecordFile
from streamreg._state.snapshot import read as read_state
from streamreg._state.store import FILE, Store
from streamreg.testing import ListSource
from tests.support.plans import csv_output, table_of_source

ROWS = 40


STATE = Path("state")


def messages() -> list[list[bytes]]:
    rows = [f"{i},{i * 7919 % 1000 / 8},{'abc'[i % 3]},{10 * i}".encode() for i in range(ROWS)]
    return [[b"x,y,k,n", *rows[::2]], [b"x,y,k,n", *rows[1::2]]]


def tables() -> dict[str, sr.Table]:
    """One of each kind of output, with sums, keys, scores, classes, windows by two clocks, and a constant."""
    types: dict[str, Any] = {"x": "float", "y": "float", "k": "str", "n": "int"}
    t = table_of_source(ListSource(messages(), batch=9), types)
    fit = t.linear_regression(t.y, t.x)
    by_key = t.linear_regression(t.y, t.x, by=t.k)
    classes = t.gaussian_naive_bayes(t.k, t.x, t.y)
    tumbling = t.windowby(
        t.n,
        window=sr.temporal.tumbling(70),
        instance=t.k,
        behavior=sr.temporal.exactly_once_behavior(5),
    )
    sessions = t.windowby(t.x, window=sr.temporal.session(max_gap=2.5), instance=t.k)
    last = t.windowby(t.n, window=sr.temporal.last(rows=7))
    of_window = tumbling.linear_regression(t.y, t.x)
    return {
        "rows.csv": t.select(*sr.this, z=t.x + 2.5),
        "windows.csv": of_window.select(*sr.this),
        "window scores.csv": of_window.predict_on(t).select(*sr.this),
        "sessions.csv": sessions.reduce(most=sr.reducers.max(t.y)),
        "last.csv": last.linear_regression(t.y, t.x),
        "fit.csv": fit.select(*sr.this),
        "keys.csv": by_key.select(*sr.this),
        "scores.csv": fit.predict_on(t).select(*sr.this),
        "classes.csv": classes.select(*sr.this),
        "count.csv": t.reduce(count=sr.reducers.count(), low=sr.reducers.min(t.x)),
    }


def run() -> None:
    for name, table in tables().items():
        sr.io.csv.write(table, name)
    sr.run(processes=0, state=STATE, rejects="rejects.jsonl")


def stored(directory: Path) -> dict[str, bytes]:
    with closing(sqlite3.connect(directory / FILE)) as database:
        return dict(database.execute("SELECT name, value FROM part"))


def write(directory: Path, parts: dict[str, bytes]) -> None:
    """Puts parts in the place of those of a state, with the checksums and the commit record that they call for."""
    held = {name: value for name, value in parts.items() if name != "checksum"}
    checksum = checksum_of(held)
    held["checksum"] = str(checksum).encode()
    with closing(sqlite3.connect(directory / FILE)) as database, database:
        database.execute("DELETE FROM part")
        database.executemany("INSERT INTO part VALUES (?, ?)", held.items())
    (directory / "checkpoint.seal").unlink(missing_ok=True)
    record = CommitRecordFile(directory, CommitRecord(0, 0), sync=False)
    try:
        record.write(CommitRecord(int(held["number"]), checksum))
    except ValueError:
        pass  # A number that is none: there is no commit record.
    finally:
        record.close()


def look_at_everything() -> None:
    """All that reads a state; each error must be one of ours."""
    looks: list[Callable[[], object]] = [
        loaded,
        lambda: list(lines("state", describe(read_state(STATE), 5))),
        lambda: main(["inspect", "state"]),
        lambda: main(["inspect", "state", "--json"]),
        lambda: sr.LinearRegression.from_state(STATE, output="fit.csv"),
        lambda: sr.LinearRegression.from_state(STATE, output="keys.csv", key="a"),
        lambda: sr.LinearRegression.from_state(STATE, output="keys.csv"),
        lambda: sr.GaussianNB.from_state(STATE),
        _check_job,
        _verify,
        run,
    ]
    for look in looks:
        try:
            look()
        except sr.StreamregError:
            continue
        finally:
            outputs.clear()  # What a refused run has left.


def loaded() -> None:
    with Store(STATE) as store:
        store.load()


def _plan() -> Any:  # noqa: ANN401 - a plan
    from streamreg._compile.compile import compile as compile_plan

    return compile_plan([csv_output(table, name) for name, table in tables().items()])


def _check_job() -> None:
    plan = _plan()
    checkpoint = read_state(STATE)
    rejects = RejectsFile(Path("rejects.jsonl"))
    found = job_change.continued(checkpoint, plan, rejects.name)
    outputs, checkpoint = found.plan.outputs, found.checkpoint
    resume.check_outputs(outputs, rejects, checkpoint, RunTerms(STATE, thorough=True))
    resume.ranges(plan.source, plan.source.watermarks(print, lambda: False), checkpoint, {})


def _verify() -> None:
    rejects = Path("rejects.jsonl")
    list(verify(_plan(), read_state(STATE), rejects, report=print, tell=lambda *_: None))


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Where something stands, by how it is reached."""
    yield path
    if isinstance(data, dict):
        for name, value in data.items():
            yield from places(value, (*path, name))
    if isinstance(data, list):
        for at, value in enumerate(data):
            yield from places(value, (*path, at))


def deep(levels: int) -> Any:  # noqa: ANN401 - JSON
    data: Any = []
    for _ in range(levels):
        data = [data]
    return data


DEEPER = "@deeper"
"""What stands for lists in each other that Python's own code does not go through."""


ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2, 2**31, 2**63, 2**64, 10**400, -(10**400), 1.5, float("nan"), float("inf"),
    "", "x", "a.csv", "\ud800", "\0", "9" * 5000, [], {}, [[]], {"": None}, [None], ["x", 1], {"x": {}},
    {"length": -1, "crc32": 0}, {"length": 2**70, "crc32": 0}, {"length": 1, "crc32": "1"}, deep(150), DEEPER,
]  # fmt: skip
"""What a place may hold instead."""


def written(data: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(data).replace(json.dumps(DEEPER), "[" * 900 + "]" * 900).encode()


def mutated(data: Any, chance: random.Random, below: str | None = None) -> Any:  # noqa: ANN401 - JSON
    """The same with something else at one place, or gone, doubled, or called otherwise; `below` a name, if given."""
    data = copy.deepcopy(data)
    found = [path for path in places(data) if path and (below is None or below in path)]
    if not found:
        return data
    *path, last = chance.choice(found)
    holder = data
    for step in path:
        holder = holder[step]
    kind = chance.randrange(6)
    if kind == 0:
        del holder[last]
    elif kind == 1 and isinstance(holder, dict):
        holder[chance.choice(["", "x", "99999999999", "-1", "0", "1e3"])] = holder.pop(last)
    elif kind == 1:
        holder.append(copy.deepcopy(holder[last]))
    elif kind == 2:
        others = list(places(data))
        found = data
        for step in chance.choice(others):
            found = found[step]
        holder[last] = copy.deepcopy(found)
    else:
        holder[last] = copy.deepcopy(chance.choice(ODD))
    return data
