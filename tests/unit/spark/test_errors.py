"""What errors of Spark say."""

from types import SimpleNamespace
from typing import Any

import pytest

from streamreg._spark.errors import first_line, said
from streamreg._spark.session import why_ended

JAVA = """An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
: org.apache.spark.SparkException: Job aborted: Task 0 failed 4 times:
ExecutorLostFailure (executor 1 exited)
\tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:1)
\tat java.base/java.lang.Thread.run(Thread.java:840)"""


@pytest.mark.parametrize(
    ("text", "first", "whole"),
    [
        (
            JAVA,
            "org.apache.spark.SparkException: Job aborted: Task 0 failed 4 times:",
            "org.apache.spark.SparkException: Job aborted: Task 0 failed 4 times:\n"
            "ExecutorLostFailure (executor 1 exited)",
        ),
        ("gone\nfor good", "gone", "gone\nfor good"),
        ("", "OSError", "OSError"),
    ],
)
def test_the_reason_comes_first(text: str, first: str, whole: str) -> None:
    """Not which call has failed, nor where in Java."""
    error = OSError(text)
    assert first_line(error) == first
    assert said(error) == whole


def context(*, stopped: bool) -> Any:  # noqa: ANN401  # a context of Spark's
    state = SimpleNamespace(isStopped=lambda: stopped)
    return SimpleNamespace(_jsc=SimpleNamespace(sc=lambda: state))


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (None, "it was stopped"),
        (OSError("Job 1 cancelled because SparkContext was shut down"), "Job 1 cancelled"),
        (
            OSError(
                "java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.\nThis"
            ),
            "it was stopped; its log above says why, as a master that does not respond",
        ),
    ],
)
def test_why_a_context_has_ended(error: Exception | None, why: str) -> None:
    """By the error that has a reason: that it has ended is none."""
    assert str(why_ended(context(stopped=True), error)).startswith(why)
    assert why_ended(context(stopped=False), error) is None
