"""State: a job as its description has it, each part with the number of what it computes (`numbered`).

By these numbers the parts of two jobs are found in each other, whatever else the jobs compute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from streamreg._dataclass import dataclass
from streamreg._state.numbered import Numbered, Numbers, renumbered
from streamreg._state.program_data import STEPS, WINDOWS, Json, tuples
from streamreg._state.shape import ShapeError
from streamreg._types import FIRST_SHIPPED, WINDOW_BOUNDS

_NEEDED: Final = ("scopes", "rows", "inputs", "result rows")
"""What states of the first formats do not say, without which their jobs are compared as wholes alone."""

_OF_PLACE: Final = ("clock", "keep_closed")
"""What a description of windows says that is no part of which windows they are."""


@dataclass(frozen=True)
class DescribedReduction:
    """A reduction."""

    number: int
    """That of its rows, keys and windows: by these it is found."""

    inputs: tuple[int, ...]
    types: tuple[str, ...]
    aggregates: tuple[tuple[Any, ...], ...]
    """As the job has them: of indexes of the inputs."""

    windows: Mapping[str, Json] | None

    def meaning(self, aggregate: Sequence[Any]) -> tuple[Any, ...]:
        """An aggregate of numbers in place of indexes."""
        return renumbered(aggregate, lambda index: [self.inputs[index], self.types[index]])

    def place_of(self, other: DescribedReduction, aggregate: Sequence[Any]) -> int | None:
        """The index of an aggregate of another reduction among these; None if it is none of them."""
        wanted = other.meaning(aggregate)
        have = [self.meaning(own) for own in self.aggregates]
        return have.index(wanted) if wanted in have else None


@dataclass(frozen=True)
class DescribedOutput:
    """An output."""

    kind: str
    """"rows", "scores" or "results"."""

    rows: int | None
    """The number of the rows that it has; None where an older state does not say it."""

    columns: Mapping[str, Json]
    """For each column, in order, its type and the number of what it shows; an older state has its text."""

    place: Mapping[str, Json]
    """Its sink, and what its time is."""

    reduction: int | None = None
    """The index of the reduction that it shows results of."""

    def is_same(self, other: DescribedOutput) -> bool:
        """Whether it writes the same columns of the same rows, in the same order."""
        return self.shows_same(other) and [*self.columns] == [*other.columns]

    def shows_same(self, other: DescribedOutput) -> bool:
        """Whether it is of the same rows, and columns that both have show the same."""
        common = self.columns.keys() & other.columns.keys()
        return (
            (self.kind, self.rows, self.place) == (other.kind, other.rows, other.place)
            and all(self.columns[name] == other.columns[name] for name in common)
        )  # fmt: skip


class DescribedJob:
    """A job, taken apart."""

    def __init__(
        self, numbers: Numbers, job: Mapping[str, Json], steps: Sequence[int] | None = None
    ) -> None:
        """`steps` says how the steps of results are divided, where the job does not.

        Raises:
            ShapeError: if it is none, or does not say enough.
        """
        if any(part not in job for part in _NEEDED):
            raise ShapeError("it was written by an early version, which did not say it")
        self.job = job
        self._numbers = numbers
        try:
            self.program = Numbered(numbers, job["program"], job["scopes"])
            self.clocks = [
                (self.program.slot(clock["slot"]), self.program.scope(clock["scope"]))
                for clock in job.get("clocks", ())
            ]
            self.reductions = [self._reduction(at) for at in range(len(job["reductions"]))]
            self.outputs = dict(self._outputs(steps))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ShapeError(f"job: it is not what a run writes: {error}") from None
        if self.outputs.keys() != job["outputs"].keys():
            raise ShapeError("job: outputs: they are others than those in order")

    @property
    def judging(self) -> set[int]:
        """The numbers of all that may reject a row."""
        late = {each.number for each in self.reductions if each.windows is not None}
        return self.program.judging | late

    def _reduction(self, at: int) -> DescribedReduction:
        described, inputs = self.job["reductions"][at], self.job["inputs"][at]
        windows = described.get(WINDOWS)
        which: dict[str, Json] | None = None
        if windows is not None:
            which = {name: value for name, value in windows.items() if name not in _OF_PLACE}
            which["clock"] = self.clocks[windows["clock"]]
        keys = [self.program.slot(slot) for slot in described["key_slots"]]
        scope = self.program.scope(inputs["scope"])
        return DescribedReduction(
            self._numbers.of("reduction", scope, keys, described["keys"], which),
            tuple(self.program.slot(slot) for slot in inputs["slots"]),
            tuple(described["inputs"]),
            tuples(described["aggregates"]),
            windows,
        )

    def _outputs(self, steps: Sequence[int] | None) -> Iterator[tuple[str, DescribedOutput]]:
        names = list(self.job["outputs in order"])
        for slots in self.job["rows"]:
            yield self._output(names.pop(0), "rows", 0, [self.program.slot(slot) for slot in slots])
        # By their names, not in order: each says which is its first.
        for first in sorted(self.job["scores"], key=names.index):
            for rows, columns in self._scores(self.job["scores"][first]):
                yield self._output(names.pop(0), "scores", rows, columns)
        for at, rows in enumerate(self.job["result rows"]):
            program = self._results(at, rows, steps)
            number = self.reductions[at].number
            for scope, slots in rows["outputs"]:
                if program is None:
                    yield self._output(names.pop(0), "results", None, None, at)
                    continue
                of = self._numbers.of("results", number, program.scope(scope))
                columns = [program.slot(slot) for slot in slots]
                yield self._output(names.pop(0), "results", of, columns, at)
        if names:
            raise ShapeError("job: outputs in order: there are more than are written")

    def _output(
        self,
        name: str,
        kind: str,
        rows: int | None,
        columns: Sequence[int] | None,
        reduction: int | None = None,
    ) -> tuple[str, DescribedOutput]:
        told = self.job["outputs"][name]
        place = {part: value for part, value in told.items() if part not in ("columns", "row")}
        texts = [told["columns"][column] for column, _ in told["row"]]
        shown = {
            column: [dtype, what]
            for (column, dtype), what in zip(told["row"], columns or texts, strict=True)
        }
        return name, DescribedOutput(kind, rows, shown, place, reduction)

    def _scores(self, scored: Mapping[str, Json]) -> Iterator[tuple[int, list[int]]]:
        """Of each output of scores the number of its rows, and those of its columns."""
        model, shipped, program = scored["model"], scored["shipped"], scored["program"]
        slots = [self.program.slot(slot) for slot in shipped["slots"]]
        reduction = self.reductions[model["reduction"]]
        aggregate = reduction.meaning(reduction.aggregates[model["aggregate"]])
        told = {key: value for key, value in model.items() if key not in ("reduction", "aggregate")}
        parts = {key: value for key, value in shipped.items() if key not in ("slots", "scope")}
        named = {key: _named(value, slots) for key, value in parts.items()}
        scope = self.program.scope(shipped["scope"])
        steps = Numbered(
            self._numbers,
            program["steps"],
            program["scopes"],
            lambda key: key if key < FIRST_SHIPPED else ["shipped", slots[key - FIRST_SHIPPED]],
        )
        for where, columns in program["outputs"]:
            by = reduction.number, aggregate, told, named
            rows = self._numbers.of("scores", by, scope, steps.scope(where))
            yield rows, [self._numbers.of(by, steps.slot(slot)) for slot in columns]

    def _results(
        self, at: int, rows: Mapping[str, Json], steps: Sequence[int] | None
    ) -> Numbered | None:
        """The program of the results of a reduction; None where nobody knows which of the steps are its own."""
        counts = self.job.get(STEPS, steps)
        if counts is None:
            return None
        begin = sum(counts[:at])
        reduction, statistics = self.reductions[at], self.job["statistics"][at]
        bounds = 0 if reduction.windows is None else len(WINDOW_BOUNDS)
        cells = len(self.job["reductions"][at]["keys"]) + bounds

        def load(key: int) -> Json:
            if key < cells:
                return ["key", key]
            asked = statistics[key - cells]
            return {
                **asked,
                "aggregate": reduction.meaning(reduction.aggregates[asked["aggregate"]]),
            }

        own = self.job["results"][begin : begin + counts[at]]
        return Numbered(self._numbers, own, rows["scopes"], load)


def _named(at: Json, slots: Sequence[int]) -> Json:
    """The numbers of shipped columns, in place of their indexes."""
    if isinstance(at, list):
        return [slots[index] for index in at]
    return None if at is None else slots[at]
