"""What errors of Spark say."""

import pytest

from streamreg._spark.errors import first_line, said

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
