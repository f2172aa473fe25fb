"""Serve, models: the regressions of a run, fitted when somebody asks for a prediction.

They are fitted from the exact sums, by the same code of the core as the results and the estimators: to the same bits.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streamreg._core import Fit, KeyedReduction, Moments, Monomials, Reduction
from streamreg._dataclass import dataclass
from streamreg._state.one_key import read_key
from streamreg._state.program_data import WINDOWS, tuples
from streamreg._types import OPTIONAL

if TYPE_CHECKING:
    from streamreg._evaluate.columns import Column
    from streamreg._serve.feed import Feed

_LENGTH: Final = struct.Struct("<I")
_NO_SUMS: Final = "fading"
"""Aggregates that no plain regression is made of."""


class NotServedError(Exception):
    """A prediction that cannot be given; the text says why, and what to do."""


@dataclass(frozen=True)
class Model:
    """A regression of one moment."""

    fit: Fit
    sums: Moments | Monomials
    epoch: int
    """The last epoch whose rows it has."""


class Models:
    """The regressions of a run. Used in one thread but for `of_key`."""

    def __init__(self, feed: Feed) -> None:
        """As the feed has them."""
        self._feed = feed
        self._epoch = -1
        self._fitted: dict[tuple[object, ...], Model] = {}

    def key_types(self, described: Mapping[str, Any]) -> Sequence[str]:
        """The types of the keys of a regression; none if it has no keys.

        Raises:
            NotServedError: if its predictions are not served.
        """
        reduction = self._feed.layout.reductions[described["reduction"]]
        if WINDOWS in reduction:
            raise NotServedError(
                "it is of windows: open one with sr.LinearRegression.from_state(…, window_start=…)"
            )
        if reduction["aggregates"][described["aggregate"]][0] == _NO_SUMS:
            raise NotServedError("its rows fade, which no prediction is served for")
        types: Sequence[str] = tuples(reduction["keys"])
        return types

    def kinds(self, described: Mapping[str, Any]) -> list[str]:
        """For each feature the type of its column."""
        reduction = self._feed.layout.reductions[described["reduction"]]
        kind, features, *_ = reduction["aggregates"][described["aggregate"]]
        columns = features if kind == "moments" else [column for column, _ in features]
        return [reduction["inputs"][column].removesuffix(OPTIONAL) for column in columns]

    def of_all(self, described: Mapping[str, Any]) -> Model:
        """A regression without keys, as of the last epoch.

        Raises:
            NotServedError: if no epoch was closed.
        """
        feed, at = self._feed, described["reduction"]
        if feed.epoch != self._epoch:
            self._epoch, self._fitted = feed.epoch, {}
        which = (at, described["aggregate"], *_model(described))
        if which not in self._fitted:
            state = feed.sums[at] if at < len(feed.sums) else None
            if state is None:
                raise NotServedError("no row was read yet")
            reduction = Reduction(*self._arguments(at))
            reduction.merge(state)
            self._fitted[which] = _fitted(reduction, described, feed.epoch)
        return self._fitted[which]

    def of_key(self, described: Mapping[str, Any], key: Sequence[Column]) -> Model | None:
        """A regression of one key, as the last checkpoint has it; None if there is no such key.

        Raises:
            NotServedError: if the run has no state.
            StateError: if it cannot be read.
            CorruptStateError: if it is damaged.
        """
        layout, at = self._feed.layout, described["reduction"]
        if layout.state is None:
            raise NotServedError(
                "of a table with keys they need a state, in which the sums of each key are: give the run one"
            )
        keyed = KeyedReduction(tuples(layout.reductions[at]["keys"]), *self._arguments(at))
        name = keyed.key(key)
        found = read_key(Path(layout.state), f"reduction {at}", name)
        if found.value is None:
            return None
        value = found.value
        keyed.load(_LENGTH.pack(len(name)) + name + _LENGTH.pack(len(value)) + value)
        reduction = keyed.single(name)
        return None if reduction is None else _fitted(reduction, described, found.epoch)

    def _arguments(self, at: int) -> tuple[Any, Any]:
        reduction = self._feed.layout.reductions[at]
        return tuples(reduction["inputs"]), tuples(reduction["aggregates"])


def regression_of(
    models: Sequence[Mapping[str, Any]], target: str | None = None
) -> Mapping[str, Any]:
    """The regression of a table that is meant.

    Raises:
        NotServedError: if there is none, or there are several.
    """
    found = [one for one in models if target is None or one["target"] == target]
    if not found:
        wanted = "" if target is None else f" of the target {target[:80]!r}"
        raise NotServedError(f"the table shows no regression{wanted}")
    if any(one != found[0] for one in found):
        targets = ", ".join(dict.fromkeys(one["target"] for one in models))
        raise NotServedError(f"the table shows several regressions, of the targets {targets}")
    return found[0]


def _model(described: Mapping[str, Any]) -> tuple[bool, float, bool]:
    return described["intercept"], described["ridge"], described.get("drop", False)


def _fitted(reduction: Reduction, described: Mapping[str, Any], epoch: int) -> Model:
    sums = reduction.sums(described["aggregate"])
    return Model(sums.fit(*_model(described)), sums, epoch)
