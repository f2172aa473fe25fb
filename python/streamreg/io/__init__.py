"""Where points come from and where changelogs go."""

from streamreg.io import csv, kafka, sqlite

__all__ = ["csv", "kafka", "sqlite"]


def __dir__() -> list[str]:
    return __all__
