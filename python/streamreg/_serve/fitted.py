"""Serve, fitted: a regression of the run with the newest rows that it is of: the line with its bands, residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from streamreg._dataclass import dataclass
from streamreg._figures.fit import FitData, fit_drawing, places_over
from streamreg._figures.residuals import ResidualData, residual_drawing
from streamreg._serve.drawn import MOST_TEXT, Drawn, text_of
from streamreg._serve.points import Places, column_of, points_of

if TYPE_CHECKING:
    from streamreg._core import Fit
    from streamreg._serve.messages import LastLines, RowsSpec

LEVEL: Final = 0.95
_PLACES: Final = 101
"""Where a line is drawn."""

_TIMES: Final = ("datetime", "timedelta")


@dataclass(frozen=True)
class Fitted:
    """A regression as of an epoch, and where its newest rows are."""

    fit: Fit
    described: Mapping[str, Any]
    kinds: Sequence[str]
    """For each feature the type of its column."""

    places: Places
    spec: RowsSpec
    last: LastLines
    key: Sequence[bytes]
    """The cells of the key that it is of."""

    def line(self) -> Drawn:
        """The newest rows, and the regression with its bands."""
        head = [column.name for column in self.spec.columns]
        rows = points_of(self.last, self.places, self.key)
        shown = [[*map(text_of, cells)] for cells in rows[: -MOST_TEXT - 1 : -1]]
        if not rows or self.fit.coefficients() is None:
            return Drawn(head, shown, None, _nothing(rows))
        data = self._line(rows)
        return Drawn(head, shown, lambda theme: fit_drawing(data, theme))

    def residuals(self) -> Drawn:
        """What the newest rows differ from the regression by."""
        head = [
            *dict.fromkeys(self.described["columns"]),
            self.described["target"],
            "fitted",
            "residual",
        ]
        rows = points_of(self.last, self.places, self.key)
        if not rows or self.fit.coefficients() is None:
            return Drawn(head, [], None, _nothing(rows))
        target = column_of([cells[self.places.target] for cells in rows], self._target_kind)
        fitted, residual, _ = self.fit.residuals(self._columns(rows), target)
        places = [*dict.fromkeys(self.places.features), self.places.target]
        shown = [
            [*(text_of(cells[at]) for at in places), repr(float(value)), repr(float(rest))]
            for cells, value, rest in zip(rows, fitted, residual, strict=True)
        ]
        data = ResidualData(fitted, residual)
        return Drawn(
            head, shown[: -MOST_TEXT - 1 : -1], lambda theme: residual_drawing(data, theme)
        )

    @property
    def _target_kind(self) -> str:
        return self.spec.columns[self.places.target].dtype

    def _columns(self, rows: Sequence[Sequence[bytes]]) -> list[Any]:
        made = {
            at: column_of([cells[at] for cells in rows], kind)
            for at, kind in zip(self.places.features, self.kinds, strict=True)
        }
        return [made[at] for at in self.places.features]

    def _line(self, rows: Sequence[Sequence[bytes]]) -> FitData:
        columns = self._columns(rows)
        single = len(set(self.places.features)) == 1 and self.kinds[0] not in _TIMES
        if single:
            (place,) = set(self.places.features)
            x = np.array([float(cells[place]) for cells in rows])
            at = places_over(x, _PLACES)
            columns, name = [at] * len(columns), self.described["columns"][0]
        else:
            x, name = self.fit.values(columns), "fitted"
            order = np.argsort(x, kind="stable")
            columns, at = [column[order] for column in columns], x[order]
        value, *confidence = self.fit.intervals(columns, "confidence", LEVEL)
        _, *prediction = self.fit.intervals(columns, "prediction", LEVEL)
        return FitData(
            x=x,
            y=self._doubles([cells[self.places.target] for cells in rows]),
            at=at,
            value=value,
            confidence=(confidence[0], confidence[1]),
            prediction=(prediction[0], prediction[1]),
            level=LEVEL,
            x_name=name,
            y_name=self.described["target"],
        )

    def _doubles(self, cells: Sequence[bytes]) -> Any:  # noqa: ANN401  # an array of doubles
        if self._target_kind in _TIMES:  # They are reduced in seconds.
            return column_of(cells, self._target_kind).view(np.int64) / 1e6
        return np.array([float(cell) for cell in cells])


def _nothing(rows: Sequence[object]) -> str:
    return (
        "the rows do not determine the coefficients yet"
        if rows
        else "none of the newest rows that were written is of this regression"
    )
