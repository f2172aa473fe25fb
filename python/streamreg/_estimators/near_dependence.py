"""Estimator: the warning about features that follow from others but for the roundings of doubles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_MOST_SHOWN: Final = 10


def near_dependence(names: Sequence[str], remedy: str) -> str:
    """The text about these features, one at least; `remedy` is what helps beside excluding them."""
    shown = ", ".join(map(repr, names[:_MOST_SHOWN]))
    if len(names) > _MOST_SHOWN:
        shown += f" and {len(names) - _MOST_SHOWN} more"
    one = len(names) == 1
    return (
        f"feature{'' if one else 's'} {shown} {'is' if one else 'are'} constant, or "
        f"follow{'s' if one else ''} from those before {'it' if one else 'them'}, but for the last digits of "
        f"doubles, and these digits decide what is fitted: leave {'it' if one else 'them'} out, or {remedy}"
    )
