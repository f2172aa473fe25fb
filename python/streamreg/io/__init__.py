"""Where points come from and where changelogs go."""

from streamreg.io import csv, kafka

__all__ = ["csv", "kafka"]


def __dir__() -> list[str]:
    return sorted(__all__)
