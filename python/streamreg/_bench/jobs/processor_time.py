"""Bench, contenders: what a program of ours has taken of the processor."""

from __future__ import annotations

import resource


def processor() -> float:
    """Seconds of the processor so far, of this process and those that it has waited for."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)
