"""Language: the options of a regression: how it is fitted, and its statistics beside the coefficients."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._types import PLAIN_MODEL, Model, Singular, quoted

OF_FIT: Final = (
    *(
        "n",
        "df",
        "rank",
        "condition_number",
        "rss",
        "residual_std",
        "r2",
        "adjusted_r2",
        "f",
        "f_p_value",
    ),
    *("log_likelihood", "aic", "bic"),
)
"""Statistics of the whole fit: one column each, with that name."""

COUNTS: Final = ("n", "df", "rank")
"""Those that are integers."""

OF_COEFFICIENTS: Final = {
    "std_error": ("std_error",),
    "t": ("t",),
    "p_value": ("p_value",),
    "confidence_interval": ("ci_low", "ci_high"),
}
"""Statistics of each coefficient: columns with these names, and the coefficient's."""

COVARIANCE: Final = "covariance"
"""The statistic of each pair of coefficients."""

STATISTICS: Final = (*OF_FIT, *OF_COEFFICIENTS, COVARIANCE)
"""All of them."""

OF_RIDGE: Final = ("n", "condition_number", "rss", "r2")
"""Those of a fit with a ridge, of which inference says nothing."""

SINGULAR: Final[tuple[Singular, ...]] = ("zero", "null", "drop")
"""What coefficients may be that the rows do not determine; with the last, the others are determined without them."""

INTERCEPT: Final = "intercept"
"""The name of the constant term."""


@dataclass(frozen=True)
class Asked:
    """A column of the result: a statistic, and the coefficients that it is of."""

    name: str
    statistic: str
    one: int = 0
    other: int = 0


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a regression is fitted, and which statistics it gives.

    Raises:
        ProgramError: if one makes no sense.
    """

    intercept: bool = True
    ridge: float = 0.0
    statistics: Sequence[str] = ()
    singular: Singular = "zero"
    level: float = PLAIN_MODEL[3]

    def __post_init__(self) -> None:
        """Check the options."""
        if not isinstance(self.intercept, bool):
            raise _wrong("intercept", "True or False", self.intercept)
        if not is_number(self.ridge) or not 0 <= self.ridge <= sys.float_info.max:
            raise _wrong("ridge", "a finite number from 0 up", self.ridge)
        if self.singular not in SINGULAR:
            raise _wrong("singular", '"zero", "null" or "drop"', self.singular)
        if not is_number(self.level) or not 0 < self.level < 1:
            raise _wrong("level", "a number between 0 and 1, like 0.95", self.level)
        self._check_statistics()

    def _check_statistics(self) -> None:
        if isinstance(self.statistics, str):
            raise _wrong(
                "statistics", f"names in a tuple, like ({self.statistics!r},)", self.statistics
            )
        for statistic in self.statistics:
            if statistic not in STATISTICS:
                raise ProgramError(
                    f"linear_regression: there is no statistic {quoted(statistic)}; there are "
                    f"{', '.join(STATISTICS)}"
                )
            if self.ridge and statistic not in OF_RIDGE:
                raise ProgramError(
                    f"linear_regression: the statistic {statistic} is not defined with a ridge, only "
                    f"{', '.join(OF_RIDGE)} are; remove it, or the ridge"
                )

    def model(self, statistic: str) -> Model | None:
        """What the core is to fit for a statistic; None for a coefficient of the plain model."""
        everywhere = statistic == "coefficient" or self.singular == "drop"
        singular = self.singular if everywhere else "zero"
        level = float(self.level) if statistic.startswith("ci_") else PLAIN_MODEL[3]
        model = (self.intercept, float(self.ridge), singular, level)
        plain = statistic == "coefficient" and model == PLAIN_MODEL
        return None if plain else model

    def asked(self, features: Sequence[str]) -> Iterator[Asked]:
        """The columns of the result: the coefficients, then the statistics as they were asked for."""
        coefficients = [INTERCEPT, *features] if self.intercept else list(features)
        for at, name in enumerate(coefficients):
            yield Asked(name, "coefficient", at)
        for statistic in dict.fromkeys(self.statistics):
            if statistic in OF_FIT:
                yield Asked(statistic, statistic)
            elif statistic == COVARIANCE:
                for at, name in enumerate(coefficients):
                    for other in range(at, len(coefficients)):
                        yield Asked(
                            f"covariance_{name}_{coefficients[other]}", statistic, at, other
                        )
            else:
                for at, name in enumerate(coefficients):
                    for part in OF_COEFFICIENTS[statistic]:
                        yield Asked(f"{part}_{name}", part, at)


def is_number(value: object) -> bool:
    """Whether an option is a number, which True and False are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong(option: str, expected: str, found: object) -> ProgramError:
    return ProgramError(f"linear_regression: {option} is {expected}, not {quoted(found)}")
