"""What Spark's Java writes to stderr are records of the log, with the levels that it gives them."""

import logging

import pytest

from streamreg._spark.java_log import tell

WORDS = """\
WARNING: Using incubator modules: jdk.incubator.vector
Using Spark's default log4j profile: org/apache/spark/log4j2-defaults.properties
Setting default log level to "WARN".
26/11/30 06:40:24 WARN Utils: Set SPARK_LOCAL_IP

26/11/30 06:40:25 ERROR SparkContext: it failed
java.lang.Exception: it failed
\tat a.b.c
26/11/30 06:40:26 INFO Utils: done
of it
"""


def test_lines_have_levels(caplog: pytest.LogCaptureFixture) -> None:
    """What follows a line belongs to it; what is said at each start is no news."""
    caplog.set_level(logging.DEBUG, "streamreg")
    tell(WORDS.splitlines(keepends=True))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "WARNING: Using incubator modules: jdk.incubator.vector"),
        (
            "INFO",
            "Using Spark's default log4j profile: org/apache/spark/log4j2-defaults.properties",
        ),
        ("INFO", 'Setting default log level to "WARN".'),
        ("WARNING", "Utils: Set SPARK_LOCAL_IP"),
        ("ERROR", "SparkContext: it failed"),
        ("ERROR", "java.lang.Exception: it failed"),
        ("ERROR", "\tat a.b.c"),
        ("INFO", "Utils: done"),
        ("INFO", "of it"),
    ]
    assert {record.name for record in caplog.records} == {"streamreg.spark"}


def test_why_a_java_does_not_start_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Also to a program whose logging is not set up."""
    tell(["Error: Could not create the Java Virtual Machine.\n"])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
