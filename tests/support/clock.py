"""A monotonic time that a test sets, for modules that ask `time` for it."""

from types import ModuleType

import pytest


class Clock:
    """In the place of a module's `time`."""

    def __init__(self, now: float) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now


def clock_of(monkeypatch: pytest.MonkeyPatch, module: ModuleType, now: float = 100.0) -> Clock:
    """The clock by which a module goes from now on."""
    clock = Clock(now)
    monkeypatch.setattr(module, "time", clock)
    return clock
