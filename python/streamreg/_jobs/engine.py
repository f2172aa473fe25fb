"""Stage 4 of a job file, the engine: where messages are read and processed, if not by processes of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final, Literal

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._jobs.check import Section
from streamreg._spark.options import MOST_ROWS, MOST_SHARDS, MOST_TASKS, trigger_seconds

EngineName = Literal["spark"]

ENGINES: Final[tuple[EngineName, ...]] = ("spark",)


@dataclass(frozen=True)
class JobEngine:
    """An engine, as a job file describes it."""

    name: EngineName
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The arguments of its function."""


def read_engine(table: Section) -> JobEngine | None:
    """The engine of a job, if it has one; where a problem was noted it is of no use."""
    name = table.choice("name", ENGINES)
    if name is None and not table.empty and not table.has("name"):
        table.problem("name", "missing")
    given: dict[str, Any] = {
        "master": table.string("master", required=False),
        "checkpoint": table.string("checkpoint", required=False),
        "trigger": table.string("trigger", required=False),
        "max_rows": table.integer("max_rows", 1, MOST_ROWS),
        "tasks": table.integer("tasks", 1, MOST_TASKS),
        "shards": table.integer("shards", 1, MOST_SHARDS),
        "conf": table.section("conf").settings(),
    }
    table.close()
    if given["trigger"]:
        try:
            trigger_seconds(given["trigger"])
        except ConfigurationError as error:
            table.problem("trigger", str(error).removeprefix("trigger: "))
    if name is None:
        return None
    return JobEngine(name, {key: value for key, value in given.items() if value})
