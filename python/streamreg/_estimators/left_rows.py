"""Estimator, state: rows that are taken out of sums must have been in them."""

from __future__ import annotations

from typing import Protocol


class Sums(Protocol):
    """The exact sums of rows, in the core."""

    def check_possible(self) -> None:
        """Raise a `ValueError` if no rows can have such sums."""


def check_left(left: Sums) -> None:
    """That what is left, once rows were taken out, can be rows.

    Raises:
        ValueError: if it cannot.
    """
    try:
        left.check_possible()
    except ValueError as error:
        raise ValueError(
            f"these rows cannot all have been added before: {error}; nothing was changed: forget rows as they were "
            "added, each once"
        ) from None
