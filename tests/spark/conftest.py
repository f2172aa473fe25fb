"""Spark, with a broker that is started for these tests: a session for each module, in this process."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.kafka.conftest import broker, produce, topic

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["broker", "produce", "topic"]

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = importlib.util.find_spec("pyspark") is None
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.spark)
            item.add_marker(pytest.mark.kafka)
            # What Spark leaves open at its end is its affair.
            item.add_marker(pytest.mark.filterwarnings("default"))
            if missing and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip("pyspark is not installed"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STREAMREG_PROCESSES", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def session() -> Iterator["SparkSession"]:
    """A session of this process: two tasks side by side."""
    from tests.support.spark import spark_session

    with spark_session("local[2]") as found:
        yield found
