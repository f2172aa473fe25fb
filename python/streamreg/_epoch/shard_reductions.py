"""Epoch: what an epoch changes in one shard of a reduction: by keys, or in windows.

Of the keys alone that the epoch has rows of, the stored rows are read. Of windows it is those of instances that there
are rows of, and of those that time has come to: a shard is told how far event time is, and gives results of windows and
closes them as the parent would.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, TypeVar

from streamreg._core import Changelog, KeyedReduction, WindowReduction
from streamreg._dataclass import dataclass
from streamreg._epoch.changed_rows import changed_rows, gone_rows
from streamreg._epoch.class_parameters import check_classes
from streamreg._state.keyed_rows import Digest, load
from streamreg._state.shards import OPEN_WINDOW

if TYPE_CHECKING:
    from streamreg._epoch.changed_rows import ResultRows
    from streamreg._plan.sharded import ShardedReduction
    from streamreg._state.keyed_rows import StoredRow
    from streamreg._state.open_runs import OpenRuns
    from streamreg._state.shards import ShardEpoch
    from streamreg._types import Moment, Time

Lines: TypeAlias = list[tuple[bytes, bytes]]
"""Keys, and the lines by which the row of each changes."""

Made = TypeVar("Made", KeyedReduction, WindowReduction, Changelog)


class Kept(NamedTuple):
    """A part, with some of its keys."""

    part: str
    before: Digest
    """Of these keys, before they were changed."""

    now: KeyedReduction | WindowReduction | Changelog


@dataclass
class Found:
    """What an epoch changes in a shard."""

    lines: list[Lines]
    """By result output; so are those of closed windows."""

    closed: list[Lines]
    excluded: dict[str, Sequence[int]] = field(default_factory=dict)
    horizons: dict[str, Moment] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    due: dict[str, Mapping[bytes, Moment | None]] = field(default_factory=dict)
    """By part when something is to be done about the windows of an instance."""


class ShardReduction(Protocol):
    """One reduction, of which there is at most as much as an epoch changes."""

    def add(self, state: bytes) -> None:
        """Takes the partial state of some rows."""

    def change(self, runs: OpenRuns, epoch: ShardEpoch, found: Found) -> None:
        """Reads what is stored, and changes it.

        Raises:
            CorruptStateError: if what is stored is none of its rows; MismatchError too.
            SourceError: if there are too many classes in a window.
        """


def begun(plan: ShardedReduction) -> ShardReduction:
    """The reduction of a plan, of no row."""
    made = plan.empty()
    return _ByKeys(plan, made) if isinstance(made, KeyedReduction) else _InWindows(plan, made)


class _ByKeys:
    def __init__(self, plan: ShardedReduction, delta: KeyedReduction) -> None:
        self._plan = plan
        self._delta = delta

    def add(self, state: bytes) -> None:
        self._delta.merge(state)

    def change(self, runs: OpenRuns, epoch: ShardEpoch, found: Found) -> None:
        if not len(self._delta):
            return
        keys = [key for key, _ in self._delta.first()]
        part, made = self._plan.part, self._plan.empty()
        if not isinstance(made, KeyedReduction):
            raise AssertionError("it is by keys, as its rows are")
        reduction, before = _loaded(made, part, runs.find(part, keys))
        outputs = _Outputs(
            self._plan, [runs.find(f"changelog {at}", keys) for at, _ in self._plan.outputs]
        )
        reduction.merge(self._delta.to_bytes())
        for rows in changed_rows(self._plan.result, reduction):
            outputs.change(rows, epoch, found.lines)
        found.excluded[part] = self._delta.excluded()
        found.kept += [Kept(part, before, reduction), *outputs.kept()]


class _InWindows:
    def __init__(self, plan: ShardedReduction, empty: WindowReduction) -> None:
        self._plan = plan
        self._reduction = empty
        # They are counted over all shards.
        empty.keep_no_totals()
        self._states: list[bytes] = []
        self._instances: set[bytes] = set()

    def add(self, state: bytes) -> None:
        # What is open decides what rows come to: they wait until that is here.
        self._states.append(state)
        self._instances.update(self._reduction.instances_in(state))

    def change(self, runs: OpenRuns, epoch: ShardEpoch, found: Found) -> None:
        part = self._plan.part
        before, now = epoch.spans[part]
        instances = sorted(self._instances.union(runs.due(part, (before, now))))
        if not instances and not self._states:
            return
        stored = runs.find_within(part, [OPEN_WINDOW + instance for instance in instances])
        reduction, digest = _loaded(self._reduction, part, stored)
        outputs = _Outputs(
            self._plan,
            [runs.find_within(f"changelog {at}", instances) for at, _ in self._plan.outputs],
        )
        reduction.resume(before)
        for state in self._states:
            reduction.merge(state)
        check_classes(self._plan.result, reduction)
        for rows in changed_rows(self._plan.result, reduction, now):
            outputs.change(rows, epoch, found.lines)
        if closed := reduction.close(now):
            if self._plan.keep_results:
                outputs.forget(closed)
            else:
                outputs.change([gone_rows(closed)] * len(self._plan.outputs), epoch, found.closed)
        found.excluded[part] = reduction.excluded()
        found.kept += [Kept(part, digest, reduction), *outputs.kept()]
        if self._plan.waits:
            found.due[part] = {**dict.fromkeys(instances), **dict(reduction.next_due())}
            if (horizon := reduction.horizon()) is not None:
                found.horizons[part] = horizon


class _Outputs:
    """The last rows of the outputs of a reduction, of some keys."""

    def __init__(self, plan: ShardedReduction, stored: Sequence[list[StoredRow]]) -> None:
        self._each: list[tuple[int, Time, Changelog, Digest]] = []
        for (at, time), rows in zip(plan.outputs, stored, strict=True):
            changelog, before = _loaded(Changelog(), f"changelog {at}", rows)
            self._each.append((at, time, changelog, before))

    def change(self, rows: Sequence[ResultRows], epoch: ShardEpoch, lines: Sequence[Lines]) -> None:
        """Appends what changes of each."""
        for (at, time, changelog, _), own in zip(self._each, rows, strict=True):
            lines[at].extend(
                changelog.update_each(own.keys, own.present, own.packed, epoch.stamps[time])
            )

    def forget(self, keys: Sequence[bytes]) -> None:
        """Lets go of the rows of closed windows, which stand."""
        for _, _, changelog, _ in self._each:
            changelog.forget(keys)

    def kept(self) -> Iterator[Kept]:
        """The parts that are kept of them."""
        for at, _, changelog, before in self._each:
            yield Kept(f"changelog {at}", before, changelog)


def _loaded(made: Made, part: str, rows: list[StoredRow]) -> tuple[Made, Digest]:
    """A part with what is stored of some keys, and the digest of that."""
    load(part, rows, made)
    return made, made.digest()
