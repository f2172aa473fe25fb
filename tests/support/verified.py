"""A finished run over lists of messages, and what verify says of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._language.schema import schema_columns
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._plan.plan import Plan
from streamreg._source.contract import Report, Watermarks
from streamreg._state.snapshot import read
from streamreg._state.store import Store
from streamreg.testing import ListSource
from tests.support.plans import csv_output, table_of_source

Messages = Sequence[Sequence[bytes | None]]


class Points(sr.Schema):
    x: float
    y: float
    s: str


@dataclass
class Topic(ListSource):
    """Messages in memory, of which the broker may have deleted the first ones of each partition."""

    deleted: int = 0
    late: int = 0
    """The last partitions, that come while the topic is being read."""

    def watermarks(self, report: Report, stopping: Any) -> dict[int, Watermarks]:  # noqa: ANN401 - unused
        whole = super().watermarks(report, stopping)
        first = len(whole) - self.late
        return {
            p: Watermarks(min(self.deleted, e.high), e.high) for p, e in whole.items() if p < first
        }

    def new_partitions(self, known: Collection[int]) -> dict[int, Watermarks]:
        late, self.late = self.late, 0
        return {p: e for p, e in self.watermarks(print, None).items() if late and p not in known}


@dataclass
class Verified:
    """A job with two results, a row output and rejects, in a folder of its own."""

    folder: Path
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def rejects(self) -> Path:
        return self.folder / "rejects.jsonl"

    def tables(self, messages: Messages, **options: Any) -> dict[str, sr.Table]:  # noqa: ANN401 - the source's
        given = {"header": ["x", "y", "s"], **self.options, **options}
        header = given.pop("header")
        source = Topic(messages, batch=7)
        for name, value in given.items():
            setattr(source, name, value)
        table = table_of_source(source, dict(schema_columns(Points)), header=header)
        fit = table.linear_regression(table.y, table.x)
        return {
            "rows.csv": table,
            "fit.csv": fit.select(a=fit.intercept, b=fit.x),
            "count.csv": table.filter(table.x > 5).reduce(n=sr.reducers.count()),
        }

    def run(
        self,
        messages: Messages,
        stop: Callable[[sr.Progress], bool] | None = None,
        **options: Any,  # noqa: ANN401 - the source's
    ) -> None:
        for name, table in self.tables(messages, **options).items():
            sr.io.csv.write(table, self.folder / name)
        sr.run(processes=0, state=self.state, rejects=self.rejects, stop=stop)

    def plan(self, messages: Messages, **options: Any) -> Plan:  # noqa: ANN401 - the source's
        tables = self.tables(messages, **options)
        return compile_plan([csv_output(t, str(self.folder / name)) for name, t in tables.items()])

    def checks(self, messages: Messages, **options: Any) -> list[Check]:  # noqa: ANN401 - the source's
        plan = self.plan(messages, **options)
        checkpoint = read(self.state)
        quiet: list[str] = []
        return list(
            verify(plan, checkpoint, self.rejects, report=quiet.append, tell=lambda *_: None)
        )

    def differences(self, messages: Messages, **options: Any) -> dict[str, str]:  # noqa: ANN401 - the source's
        """What differs, by subject, the folder's name left out."""
        found = [check for check in self.checks(messages, **options) if check.difference]
        prefix = f"{self.folder}/"
        return {check.subject.replace(prefix, ""): check.difference for check in found}


def rewritten(state: Path, **changes: Any) -> None:  # noqa: ANN401 - fields of a checkpoint
    """Changes a state, with a checksum that fits: nothing but a comparison can tell."""
    with Store(state) as store:
        checkpoint = store.load()
        assert checkpoint is not None
        store.save(replace(checkpoint, **changes))


def resealed(state: bytes, at: int) -> bytes:
    """A core's state with one bit turned, and a checksum that fits."""
    body = bytearray(state[:-4])
    body[at] ^= 1
    return bytes(body) + crc32(body).to_bytes(4, "little")


def checks_of(outputs: Sequence[sr.Output], state: Path) -> dict[str, Check]:
    """What verify says of a program's outputs and the state of its last run, by the subject."""
    plan = compile_plan(list(outputs))
    sr.clear()
    found = verify(plan, read(state), None, report=print, tell=lambda *_: None)
    return {check.subject: check for check in found}
