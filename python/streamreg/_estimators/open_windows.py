"""Estimator, from a run's state: which of the windows that a checkpoint keeps a model is to be of."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from streamreg._core import KeptWindow, WindowReduction
from streamreg._dataclass import dataclass
from streamreg._estimators.key_cells import SHOWN, Key, columns_of, listed
from streamreg._evaluate import times
from streamreg._exceptions import ConfigurationError, CorruptStateError
from streamreg._plural import plural
from streamreg._state.program_data import WINDOWS
from streamreg._types import held_type, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamreg._estimators.select_model import Described
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._types import Moment

Start: TypeAlias = datetime | int | float | None


@dataclass(frozen=True)
class AskedWindow:
    """A window as a program asks for it."""

    instance: Key = None
    start: Start = None


@dataclass(frozen=True)
class FoundWindow:
    """A window, and what it is kept in."""

    reduction: WindowReduction
    window: KeptWindow


def window_of(
    checkpoint: Checkpoint, described: Described, asked: AskedWindow, key: Key, title: str
) -> FoundWindow | None:
    """The window of a model that is of windows; None if it is of none.

    Without a start it is the last closed window of the instance, where rows are scored by that, else the newest one.

    Raises:
        ConfigurationError: if there is no such window, or one is asked for, or a key, and there are none.
        CorruptStateError: if the checkpoint does not hold them.
    """
    described_reduction = checkpoint.job["reductions"][described["reduction"]]
    if WINDOWS not in described_reduction:
        for name, given in (("instance", asked.instance), ("window_start", asked.start)):
            if given is not None:
                raise ConfigurationError(
                    f"{name}={quoted(given)}: {title} is not of windows: leave it out"
                )
        return None
    reduction = checkpoint.keyed.get(f"reduction {described['reduction']}")
    if not isinstance(reduction, WindowReduction):
        raise CorruptStateError(f"its reduction {described['reduction']} is not by windows")
    if key is not None:
        raise ConfigurationError(
            f"key={quoted(key)}: {title} is of windows: say instance= and window_start="
        )
    of = described_reduction[WINDOWS]
    types = described_reduction["keys"]
    types = types[:-1] if of.get("labelled", False) else types
    windows = _of_instance(reduction, asked.instance, types, described, title)
    return FoundWindow(reduction, _chosen(windows, asked.start, held_type(of["time"]), title))


def _of_instance(
    reduction: WindowReduction,
    instance: Key,
    types: Sequence[str],
    described: Described,
    title: str,
) -> list[KeptWindow]:
    columns = columns_of(instance, types)
    windows = [] if columns is None else reduction.windows(columns)
    if windows:
        return windows
    if not types:
        wrong = "" if instance is None else f"instance={quoted(instance)}: it has no instances; "
        raise ConfigurationError(
            f"{wrong}window_start: {title}: no window is kept: those that are closed have left the state, but for "
            "those that rows are scored by"
        )
    there = reduction.instances(SHOWN + 1)
    names = described.get("keys", ())
    by = ", ".join(f"{name} ({kind})" for name, kind in zip(names, types, strict=False))
    ask = "say which one" if instance is None else f"no window of {quoted(instance)} is kept"
    more = " and more" if len(there) > SHOWN else ""
    kept = f"there are {listed(there[:SHOWN])}{more}" if there else "none is kept"
    raise ConfigurationError(f"instance: {title} is of windows by {by}, and {ask}; {kept}")


def _chosen(windows: Sequence[KeptWindow], start: Start, dtype: str, title: str) -> KeptWindow:
    if start is None:
        closed, newest = windows[0], windows[-1]
        return closed if closed.closed else newest
    wanted = _moment(start, dtype, title)
    for window in windows:
        if window.span is not None and window.span[0] == wanted:
            return window
    starts = [_shown(window.span[0], dtype) for window in windows if window.span is not None]
    kept = "its start is not kept"
    if starts:
        last = f" up to {starts[-1]}" if len(starts) > SHOWN else ""
        kept = f"there are {plural(len(starts), 'window')}, from {', '.join(starts[:SHOWN])}{last}"
    raise ConfigurationError(
        f"window_start={quoted(start)}: {title}: no window of this instance that begins then is kept; {kept} "
        "(what is closed leaves the state, but for the last window that rows are scored by)"
    )


def _moment(start: Start, dtype: str, title: str) -> Moment:
    """A start in the unit of the windows' times."""
    is_number = isinstance(start, int | float) and not isinstance(start, bool)
    if dtype == "datetime" and isinstance(start, datetime) and not times.is_naive(start):
        if times.in_range(start):
            return int(times.micros(times.from_objects([start], "datetime"))[0])
    elif is_number and (dtype == "float" or (dtype == "int" and isinstance(start, int))):
        return start  # type: ignore[return-value]  # a number, as was looked at
    wanted = "a datetime with a tzinfo" if dtype == "datetime" else f"a number ({dtype})"
    raise ConfigurationError(
        f"window_start={quoted(start)}: the windows of {title} begin at {wanted}"
    )


def _shown(start: Moment, dtype: str) -> str:
    if dtype != "datetime":
        return repr(start)
    (found,) = times.to_objects(times.of_micros(np.array([start], np.int64), "datetime"))
    return times.iso_text(found)  # type: ignore[arg-type]  # datetimes are such objects
