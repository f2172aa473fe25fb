"""Sink: where an outbox stands, as a checkpoint records it, held against what its destination says."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from streamreg._exceptions import CorruptStateError, OutputError
from streamreg._sinks.contract import FORGOTTEN, Delivered, EpochChanges, MovedOnError
from streamreg._sinks.records import RecordError

if TYPE_CHECKING:
    from streamreg._sinks.contract import Position

_RUN: Final = 32
"""Characters of the name of a run."""


def compared(
    name: str,
    found: Delivered | None,
    confirmed: Delivered,
    waiting: Sequence[EpochChanges],
    *,
    new: bool,
) -> int:
    """Up to what time a destination has the changes of a run.

    Args:
        name: what messages call the output.
        found: what the destination says.
        confirmed: what it has said for certain before.
        waiting: what it may have taken since.
        new: whether the run has no state from before.

    Raises:
        OutputError: if it holds something else than such a run has left there.
    """
    if found == FORGOTTEN:
        return _trusted(name, confirmed, waiting, new=new)
    if new and found is not None and found.run != confirmed.run and found.time >= 0:
        raise OutputError(
            f"{name} holds the changes of a run, and there is no state to continue it from: remove it, or write to "
            "another place (a run with state=… continues its outputs)"
        )
    if found is None or found.time < 0:
        # Made by a run that has died before its first checkpoint, or not at all: it holds nothing.
        if confirmed.time < 0:
            return -1
        raise OutputError(
            f"{name} is gone or empty, but the state says that the run has written there: put it back as it was, or "
            "start anew with an empty state and another place"
        )
    if found.run != confirmed.run:
        raise OutputError(
            f"{name} holds the changes of another run than this state's: put it back as it was, or start anew with an "
            "empty state and another place"
        )
    if found.time in (confirmed.time, *(epoch.time for epoch in waiting)):
        return found.time
    last = waiting[-1].time if waiting else confirmed.time
    which = "the state is older than it" if found.time > last else "it is older than the state"
    raise OutputError(
        f"{name} ends with the time {found.time}, and the state with {last}: {which}, such as after a backup was "
        "restored. Put back both of one time, or start anew with an empty state and another place"
    )


def _trusted(name: str, confirmed: Delivered, waiting: Sequence[EpochChanges], *, new: bool) -> int:
    """Where nothing says what a destination has: it is as the state says, if nothing may have been taken since."""
    if new:
        raise OutputError(
            f"{name} holds something already, and there is no state to continue it from: empty it, or write to another "
            "place (a run with state=… continues its outputs)"
        )
    if waiting:
        raise OutputError(
            f"{name} no longer says which changes it has, and the last ones may stand there or not: the run was "
            "away for too long (Kafka forgets it after offsets.retention.minutes). Start anew with an empty state "
            "and another place"
        )
    return confirmed.time


def confirmed(position: Position | None, waiting: Sequence[EpochChanges]) -> Delivered:
    """What a position says of its destination; a new run where there is none.

    Raises:
        CorruptStateError: if that is no position of a destination, or what waits is not what it says.
    """
    if position is None:
        return Delivered(uuid.uuid4().hex, -1)
    if not is_position(position):
        raise CorruptStateError("where one of its destinations stands is no position of such a one")
    times = [position["delivered"], *(epoch.time for epoch in waiting)]
    if times != sorted(set(times)) or times[-1] != position["time"]:
        raise CorruptStateError("what waits for one of its destinations is not what it should be")
    return Delivered(position["run"], position["delivered"])


def checked_last(found: tuple[str, int] | None, position: Position, *, moves_on: bool) -> None:
    """Whether a destination has what a position says of it, so that it can be compared.

    `moves_on` is whether what it has taken since can be told from the rest.

    Raises:
        RecordError: if it lacks something, or another run has written it.
        MovedOnError: if it cannot be told apart, or lacks what waits for it.
    """
    if found is None or found[0] != position["run"]:
        if position["time"] < 0 and found is None:
            return
        raise RecordError("another run has written it, or none")
    ends = f"it ends with the time {found[1]}, the state with {position['time']}"
    if found[1] < position["delivered"]:
        raise RecordError(f"{ends}: it is older than the state")
    if found[1] < position["time"]:
        raise MovedOnError(
            f"{ends}: what is between waits in the state until a run of the job delivers it"
        )
    if found[1] > position["time"] and not moves_on:
        raise MovedOnError("the run has gone on since: the table as it stood is not there any more")


def is_position(found: Any) -> bool:  # noqa: ANN401 - whatever JSON has
    """Whether a sink that says this of its position is an outbox."""
    return (
        isinstance(found, Mapping)
        and found.keys() == {"run", "delivered", "time"}
        and isinstance(found["run"], str)
        and len(found["run"]) == _RUN
        and found["run"].isalnum()
        and all(
            isinstance(found[part], int) and not isinstance(found[part], bool) and found[part] >= -1
            for part in ("delivered", "time")
        )
    )
