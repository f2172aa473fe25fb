"""State: how a changed job goes on with the state of the one before: what is kept, what begins, what goes.

Sums are kept where the new job asks for the same sums of the same rows, whatever else it computes; they cannot be made
of rows that were read before. So an output may come or go, and ask for other statistics of sums that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from streamreg._dataclass import dataclass
from streamreg._exceptions import StateError
from streamreg._plural import plural
from streamreg._state import changed_source
from streamreg._state.changed_parts import moved_clocks, moved_parts
from streamreg._state.described_job import DescribedJob, DescribedOutput
from streamreg._state.job_identity import difference_of, job, plans, same_plan
from streamreg._state.kept_steps import LostError
from streamreg._state.numbered import Numbers
from streamreg._state.program_data import ON_ERROR, RAISE, STEPS
from streamreg._state.shape import ShapeError
from streamreg._state.whole_plan import whole_plan

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._sinks.contract import Position
    from streamreg._state.checkpoint import Checkpoint

Fits = Callable[[str, "Position"], bool]
"""Whether what lies where an output of this name writes is what a position says."""


@dataclass(frozen=True)
class Continued:
    """How a run goes on with a state."""

    plan: Plan
    checkpoint: Checkpoint
    """As if the job had always been this one; outputs that begin have no position."""

    changes: tuple[str, ...] = ()
    """What is different now, for people; a file that was renamed changes nothing."""

    aside: tuple[str, ...] = ()
    """Outputs whose columns are others: what is there is moved aside, and they begin anew."""


class NewStartError(Exception):
    """The job cannot go on with the state; the text says why."""


class UndeliveredError(NewStartError):
    """It could, but for what waits in the state."""


def continued(
    checkpoint: Checkpoint,
    plan: Plan,
    rejects: str | None,
    fits: Fits = lambda name, position: False,
    *,
    drop_undelivered: bool = False,
) -> Continued:
    """How this job goes on with a state.

    Args:
        checkpoint: the state.
        plan: what the job computes now.
        rejects: the name of what keeps its rejects, a file or a topic.
        fits: by it a file is known that was renamed.
        drop_undelivered: whether to give up what waits for destinations that the job does not write any more.

    Raises:
        StateError: if it needs a new start; the text says why.
    """
    same = same_plan(checkpoint, plan, rejects)
    if not isinstance(same, str):
        return Continued(same, checkpoint)
    reasons = []
    for each in plans(checkpoint, plan):
        try:
            change = _Change(checkpoint, each, rejects, drop_undelivered=drop_undelivered)
            return change.continued(fits)
        except ShapeError:  # States of the first formats say too little of their jobs.
            pass
        except UndeliveredError as error:
            raise StateError(str(error)) from None
        except NewStartError as error:
            reasons.append("" if str(error) == same else f"{error}. ")
    raise StateError(
        f"the state is of another job: {same}. {''.join(reasons[:1])}Run the job it belongs to, or give this one an "
        "empty state and new outputs (streamreg run --fresh makes room for both)"
    )


class _Change:
    """From the job of a state to another one."""

    def __init__(
        self, checkpoint: Checkpoint, plan: Plan, rejects: str | None, *, drop_undelivered: bool
    ) -> None:
        self._checkpoint = checkpoint
        self._drop_undelivered = drop_undelivered
        self._plan = plan
        self._rejects = rejects
        self._numbers = Numbers()
        now, before = job(plan, rejects), checkpoint.job
        same_results = now["results"] == before["results"]
        self._now = DescribedJob(self._numbers, now)
        self._before = DescribedJob(self._numbers, before, now[STEPS] if same_results else None)
        found = changed_source.refusal(checkpoint, plan, self._before, self._now)
        if found is not None:
            raise NewStartError(found if isinstance(found, str) else difference_of(*found))
        self._more_topics = changed_source.with_more_topics(checkpoint, plan)
        self._check_functions()
        self._held = [self._reduction(at) for at in range(len(plan.rows.reductions))]
        """For each reduction its index in the state."""

    def continued(self, fits: Fits) -> Continued:
        """The plan and the checkpoint."""
        kept = self._kept(fits)
        letters = self._letters(fits)
        dropped = self._dropped(kept, letters)
        began = [name for name in self._now.outputs if name not in kept]
        plan = self._whole_plan()
        described = DescribedJob(self._numbers, job(plan, self._rejects))
        self._check_began(began, described)
        positions = {name: self._checkpoint.positions[old] for name, old in kept.items()}
        checkpoint = replace(
            self._checkpoint,
            **moved_clocks(self._checkpoint, self._before, self._now),
            **moved_parts(self._checkpoint, plan, self._held, kept),
            **self._history(kept, began, letters, described),
            positions=positions | letters,
            outbox={n: epochs for n, epochs in self._checkpoint.outbox.items() if n not in dropped},
            identity=self._more_topics or self._checkpoint.identity,
        )
        aside = tuple(name for name in began if name in self._before.outputs)
        told = (
            *self._told(kept, began, letters),
            *(f"{what} are given up" for what in dropped.values()),
        )
        return Continued(plan, checkpoint, told, aside)

    def _dropped(self, kept: Mapping[str, str], letters: Mapping[str, Position]) -> dict[str, str]:
        """What waits in the state for destinations that are written no more: by their names, what that is."""
        waiting = {name: epochs for name, epochs in self._checkpoint.outbox.items() if epochs}
        found = {
            name: f"the changes of {plural(len(epochs), 'epoch')} that wait for {name}"
            for name, epochs in sorted(waiting.items())
            if kept.get(name) != name and name not in letters
        }
        if found and not self._drop_undelivered:
            what = next(iter(found.values()))
            raise UndeliveredError(
                f"{what} are in the state, and the job does not write it any more as it was: run it as before until "
                "they are delivered, or give them up (streamreg run --drop-undelivered, "
                "sr.run(drop_undelivered=True))"
            )
        return found

    def _check_functions(self) -> None:
        """A function that has rejected rows of the state is not one that ends the run now."""
        steps = zip(self._now.program.slots, self._now.program.steps, strict=True)
        now = {number: step for number, step in steps if step["step"] == "call"}
        for number, step in zip(
            self._before.program.slots, self._before.program.steps, strict=True
        ):
            if (
                step.get(ON_ERROR, RAISE) != RAISE
                and number in now
                and now[number][ON_ERROR] == RAISE
            ):
                raise NewStartError(
                    f"{ON_ERROR} of {step['function']}: {difference_of('it', step[ON_ERROR], RAISE)}"
                )

    def _reduction(self, at: int) -> int:
        """Which reduction of the state has the sums of this one."""
        wanted, names = self._now.reductions[at], self._names(at)
        numbers = [held.number for held in self._before.reductions]
        if wanted.number not in numbers:
            raise NewStartError(
                f"{names}: its sums are of rows, keys or windows that the state has no sums of"
            )
        index = numbers.index(wanted.number)
        held = self._before.reductions[index]
        for aggregate in wanted.aggregates:
            if held.place_of(wanted, aggregate) is None:
                raise NewStartError(f"{names}: {self._described(at, aggregate)}")
        closed = [each.windows and each.windows["keep_closed"] for each in (held, wanted)]
        if closed == [False, True]:
            raise NewStartError(
                f"{names}: rows are scored by closed windows, which the state has not kept"
            )
        return index

    def _names(self, at: int) -> str:
        """The outputs that need a reduction."""
        names = [output.name for output in self._plan.results[at].outputs]
        names += [o.name for s in self._plan.scores if s.reduction == at for o in s.outputs]
        return ", ".join(names)

    def _described(self, at: int, aggregate: Sequence[Any]) -> str:
        loads = [self._now.program.steps[slot] for slot in self._now.job["inputs"][at]["slots"]]
        named = [step["key"] if step["step"] == "load" else "an expression" for step in loads]
        return (
            f"it needs {aggregate[0]} of {', '.join(named) or 'rows'}, which the state does not have of the rows "
            "that were read already"
        )

    def _whole_plan(self) -> Plan:
        held = [self._before.reductions[old] for old in self._held]
        try:
            return whole_plan(self._plan, self._before, self._now, held)
        except LostError as error:
            gone = ", ".join(sorted(self._before.outputs.keys() - self._now.outputs.keys()))
            raise NewStartError(
                f"what was summed for {gone or 'the job before'} is kept together with sums that are needed, and can "
                f"be summed no further: {error}"
            ) from None

    def _kept(self, fits: Fits) -> dict[str, str]:
        """For each output that goes on its name in the state."""
        kept = {}
        for name in self._now.outputs.keys() & self._before.outputs.keys():
            if self._compared(name, name, DescribedOutput.is_same):
                kept[name] = name
            elif not self._compared(name, name, DescribedOutput.shows_same):
                raise NewStartError(
                    f"{name} is written otherwise: where its columns are others some may come or go, but what the rest "
                    "shows of which rows stays the same. Under another name it would begin beside"
                )
        left = [name for name in self._before.outputs if name not in self._now.outputs]
        for name in self._now.outputs:
            for old in left if name not in self._before.outputs else ():
                same = self._compared(old, name, DescribedOutput.is_same)
                if same and fits(name, self._checkpoint.positions[old]):
                    kept[name] = old
                    left.remove(old)
                    break
        return kept

    def _compared(
        self, old: str, name: str, how: Callable[[DescribedOutput, DescribedOutput], bool]
    ) -> bool:
        """Whether an output of the state is one of the job."""
        before, now = self._before.outputs[old], self._now.outputs[name]
        if now.reduction is not None and self._held[now.reduction] != before.reduction:
            return False
        if before.rows is None:  # An older state has its texts alone.
            texts = self._now.job["outputs"][name]["columns"]
            columns = {column: [dtype, texts[column]] for column, (dtype, _) in now.columns.items()}
            now = replace(now, rows=None, columns=columns)
        return how(before, now)

    def _check_began(self, began: Sequence[str], now: DescribedJob) -> None:
        """Whether outputs can begin with what the state has."""
        for name in began:
            output = self._now.outputs[name]
            if output.reduction is not None:
                if self._now.reductions[output.reduction].windows is not None:
                    raise NewStartError(
                        f"{name}: the results of windows are written as they change: those that there are, and of "
                        "windows that are closed, cannot be written anew"
                    )
            elif output.kind == "rows" and self._plan.input.upsert:
                raise NewStartError(
                    f"{name}: rows are replaced, and those that stand were written before it began"
                )
        if self._plan.input.upsert and now.judging - self._before.judging:
            raise NewStartError(
                "it computes what may reject a row that stands, and could not be taken back then"
            )

    def _letters(self, fits: Fits) -> dict[str, Position]:
        """Where the dead-letter file stands that goes on, if one does."""
        before = self._before.job["rejects"]
        if before is None or self._rejects is None:
            return {}
        now, position = self._rejects, self._checkpoint.positions[before]
        return {now: position} if now == before or fits(now, position) else {}

    def _history(
        self,
        kept: Mapping[str, str],
        began: Sequence[str],
        letters: Mapping[str, Position],
        now: DescribedJob,
    ) -> dict[str, Any]:
        """What a comparison with the topic must know: from where on the job has been another one."""
        before = self._checkpoint
        names = {**kept, **dict.fromkeys(letters, self._before.job["rejects"])}
        since = {name: before.since[old] for name, old in names.items() if old in before.since}
        late = [name for name in began if self._now.outputs[name].kind != "results"]
        late += [] if letters or self._rejects is None else [self._rejects]
        change: dict[str, Any] = {"offsets": dict(before.offsets)}
        if self._reads_otherwise():
            change[changed_source.SOURCE] = changed_source.input_of(self._before.job, self._now.job)
        if now.judging != self._before.judging:
            change["judged"] = True
        changed = [*before.changed, *([change] if late or len(change) > 1 else [])]
        unsaid = any(self._before.outputs[old].rows is None for old in kept.values())
        begin = any(self._now.outputs[name].kind == "results" for name in began)
        return {
            "since": {**since, **dict.fromkeys(late, len(changed))},
            "changed": changed,
            "rewrite": before.rewrite or begin or unsaid,
        }

    def _reads_otherwise(self) -> bool:
        before, now = self._before.job, self._now.job
        return changed_source.input_of(before, now) != changed_source.input_of(now, now)

    def _told(
        self, kept: Mapping[str, str], began: Sequence[str], letters: Mapping[str, Position]
    ) -> tuple[str, ...]:
        """What is different, for people."""
        told = []
        for name in began:
            again = name in self._before.outputs
            table = self._now.outputs[name].kind == "results"
            what = "has other columns, and begins anew" if again else "begins"
            rows = "the table as it stands" if table else "the rows from now on"
            told.append(f"{name} {what} with {rows}")
        gone = self._before.outputs.keys() - set(kept.values()) - self._now.outputs.keys()
        told += [f"{name} is written no more, and stays as it is" for name in sorted(gone)]
        rejects = self._before.job["rejects"]
        if rejects is not None and not letters:
            told.append(f"rejects are no more written to {rejects}")
        if self._rejects is not None and not letters:
            told.append(f"rejects are written to {self._rejects} from now on")
        if self._more_topics is not None:
            told.append(
                f"it reads {self._now.job['topic']} from now on, and of what is new all there is"
            )
        if self._reads_otherwise():
            told.append(
                "messages are read by other columns from now on: what those before came to stays"
            )
        return tuple(told)
