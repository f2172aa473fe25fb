"""Stage 4 of a job file, forgetting: rows that lose half of their weight in every half-life."""

from collections.abc import Mapping
from datetime import timedelta

from streamreg._core import micros_of_texts
from streamreg._dataclass import dataclass
from streamreg._jobs.check import Section, describe, listed, near
from streamreg._language.fading import TIMES as TIMES_OF_ROWS
from streamreg._types import INT_MAX, SourceType, held_type


@dataclass(frozen=True, kw_only=True)
class Forget:
    """How rows fade."""

    half_life: int | timedelta
    time: str


def read_forget(table: Section, schema: Mapping[str, SourceType]) -> Forget | None:
    """How the rows of a job fade, if they do; where a problem was noted it is of no use."""
    half_life = table.integer_or_string("half_life", 1, INT_MAX)
    time = table.string("time", required=False)
    table.close()
    if half_life is None and not time:
        return None
    for key, given in (("half_life", half_life), ("time", time)):
        if not given:
            table.problem(key, "missing")
    kind = held_type(schema[time]) if schema.get(time) else None
    if time and schema and time not in schema:
        table.problem("time", f"{describe(time)} is no column of the schema{near(time, schema)}")
    elif kind is not None and kind not in TIMES_OF_ROWS:
        table.problem("time", f"{describe(time)} is {kind}: times are {listed(TIMES_OF_ROWS)}")
    elif kind == "datetime":
        return Forget(half_life=_duration(table, half_life), time=time)
    elif kind == "int" and isinstance(half_life, str):
        table.problem("half_life", f"expected an integer, since {describe(time)} is int")
    return Forget(half_life=half_life if isinstance(half_life, int) else 1, time=time)


def _duration(table: Section, given: int | str | None) -> timedelta:
    if isinstance(given, str):
        micros, _ = micros_of_texts("timedelta", [given])
        if micros[0] > 0:
            return timedelta(microseconds=int(micros[0]))
    if given is not None:
        table.problem(
            "half_life", f'expected a duration above 0, such as "PT1H", found {describe(given)}'
        )
    return timedelta(microseconds=1)
