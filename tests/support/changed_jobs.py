"""Programs over one topic that are changed between runs, and what they must have come to."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import streamreg as sr
from streamreg import testing
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read
from tests.support.plans import csv_output

Tables = Callable[[sr.Table], Mapping[str, sr.Table]]


class Rows(sr.Schema):
    k: str
    x: float
    y: float


class Wider(Rows):
    z: float


def messages(count: int, seed: int = 5) -> list[bytes]:
    """Rows k, x, y, z; some lack a z, and one in twelve is none."""
    random_ = random.Random(seed)
    found = []
    for index in range(count):
        key, x, y = random_.choice("abc"), random_.randrange(9) / 4, random_.randrange(9) / 2
        z = random_.choice(["", "1.5"])
        found.append(b"oops" if index % 12 == 5 else f"{key},{x},{y},{z}".encode())
    return found


def topic(count: int, schema: type[sr.Schema] = Rows) -> sr.Table:
    return testing.read(
        [messages(count), messages(count // 2, 6)],
        schema=schema,
        header=["k", "x", "y", "z"],
        batch=7,
    )


def run(
    tables: Tables,
    count: int,
    state: str | None = "state",
    rejects: str | None = None,
    schema: type[sr.Schema] = Rows,
    *,
    stop: Callable[[sr.Progress], bool] | None = None,
) -> sr.Summary:
    for name, table in tables(topic(count, schema)).items():
        sr.io.csv.write(table, name)
    return sr.run(processes=0, state=state, rejects=rejects, stop=stop)


def checked(
    tables: Tables,
    count: int,
    rejects: str | None = None,
    schema: type[sr.Schema] = Rows,
) -> list[Check]:
    """What verify says; nothing differs."""
    outputs = [csv_output(table, name) for name, table in tables(topic(count, schema)).items()]
    letters = None if rejects is None else Path(rejects)
    checks = list(
        verify(
            compile_plan(outputs), read(Path("state")), letters, report=print, tell=lambda *_: None
        )
    )
    assert not [str(check) for check in checks if check.difference]
    return checks


def folded(name: str) -> Counter[str]:
    """The table that a changelog comes to, no row of which is ever there less than not at all."""
    header, *lines = Path(name).read_text().splitlines()
    standing: Counter[str] = Counter({header: 1})
    for line in lines:
        row, _, diff = line.rsplit(",", 2)
        standing[row] += int(diff)
        assert standing[row] >= 0
    return +standing


def check_as_from_scratch(tables: Tables, count: int, names: Sequence[str]) -> None:
    """The results are those of a run that has been this job from the beginning."""
    found = {name: folded(name) for name in names}
    for name in tables(topic(1)):
        Path(name).rename(f"{name}.kept")
    run(tables, count, None)
    assert {name: folded(name) for name in names} == found
    for name in tables(topic(1)):
        Path(name).unlink()
        Path(f"{name}.kept").rename(name)


def fit(t: sr.Table, *statistics: str, by: bool = True) -> sr.Table:
    keys = [t.k] if by else []
    return t.linear_regression(t.y, t.x, by=keys, statistics=statistics)


def only_fit(t: sr.Table) -> Mapping[str, sr.Table]:
    return {"fit.csv": fit(t)}


def fit_and_more(t: sr.Table) -> Mapping[str, sr.Table]:
    """Outputs of each kind beside the same regression; the first ones come before it in every order there is."""
    return {
        "rows.csv": t.select(t.k, s=t.x + t.y),
        "scores.csv": fit(t).predict_on(t),
        "count.csv": t.groupby(t.k).reduce(t.k, n=sr.reducers.count()),
        "fit.csv": fit(t),
        "high.csv": fit(t).filter(sr.this.x > 0),
    }
