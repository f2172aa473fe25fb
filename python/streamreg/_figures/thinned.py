"""Figures: a line of very many points by fewer, of which none is made up.

This is M4 (Jugel, Jerzak, Hackenbroich, Markl: M4: A Visualization-Oriented Time Series Data Aggregation, PVLDB 7(10),
2014): of each stretch of the line the first point, the last one, the lowest and the highest are kept, so that at so
many pixels it looks as the whole line does, its outliers among it.
"""

from __future__ import annotations

from collections.abc import Sequence


def thinned(values: Sequence[float | None], most: int) -> list[int]:
    """The places of at most `most` values that stand for all, in order; a gap (None or NaN) is kept in its stretch.

    Raises:
        ValueError: if `most` is below 5, which is one stretch with its gap.
    """
    if most < 5:
        raise ValueError(f"most: expected at least 5 points, found {most}")
    if len(values) <= most:
        return list(range(len(values)))
    stretches = most // 5
    kept: set[int] = set()
    for stretch in range(stretches):
        start = stretch * len(values) // stretches
        own = values[start : (stretch + 1) * len(values) // stretches]
        kept |= {start, start + len(own) - 1}
        found = [value for value in own if value is not None and value == value]
        if len(found) < len(own):
            gap = next(at for at, value in enumerate(own) if value is None or value != value)
            kept.add(start + gap)
        if found:
            kept.add(start + own.index(min(found)))
            kept.add(start + own.index(max(found)))
    return sorted(kept)
