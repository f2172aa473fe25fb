"""Where points come from and where changelogs go."""

from streamreg.io import csv, delta, jsonlines, kafka, parquet, postgres, sqlite

__all__ = ["csv", "delta", "jsonlines", "kafka", "parquet", "postgres", "sqlite"]


def __dir__() -> list[str]:
    return __all__
