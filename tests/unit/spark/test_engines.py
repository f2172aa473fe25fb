"""What the public function of the engine takes, and what it refuses, by name."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr


def test_a_checkpoint_may_be_given_and_stays_empty(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As to a streaming query; the log says that the state takes its place."""
    place = tmp_path / "checkpoint"
    with caplog.at_level(logging.INFO, logger="streamreg"):
        assert sr.engines.spark(master="local[2]", checkpoint=place) == sr.engines.spark(
            master="local[2]"
        )
    assert not place.exists()
    assert "the state says where the run goes on" in caplog.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"checkpoint": 1}, "checkpoint: expected a path, found 1"),
        ({"master": ""}, 'master: expected "local'),
        ({"master": "garbage"}, "master: expected .*, found 'garbage'"),
        ({"master": "locally[2]"}, "master: expected .*, found 'locally"),
        ({"master": "spark://"}, "master: expected .*, found 'spark://'"),
        ({"master": 2}, "master: expected .*, found 2"),
        (
            {"session": "local[2]"},
            r"session: expected a SparkSession, found 'local\[2\]'; .* master=",
        ),
        ({"trigger": "soon"}, "trigger: expected a time"),
        ({"max_rows": 0}, "max_rows: expected 1 to"),
        ({"tasks": True}, "tasks: expected 1 to"),
        ({"trigger": "999999999 hours"}, "trigger: expected a year at most"),
        ({"trigger": "999999999 weeks"}, "trigger: expected a year at most"),
        ({"trigger": timedelta(days=10**6)}, "trigger: expected a year at most"),
        ({"trigger": timedelta(seconds=-1)}, "trigger: expected a time"),
        ({"trigger": "1 minute and 30 seconds"}, "trigger: expected a time"),
        ({"trigger": "1 month"}, "trigger: expected a time"),
        ({"conf": {"a": None}}, "conf: expected texts by name, found 'a': None"),
        ({"conf": {1: "a"}}, "conf: expected texts by name, found 1: 'a'"),
        ({"conf": [("a", "b")]}, r"conf: expected texts by name, found \[\('a', 'b'\)\]"),
        ({"conf": "x"}, "conf: expected texts by name, found 'x'"),
        ({"master": "local", "conf": {"spark.master": "yarn"}}, "conf: spark.master is said by"),
        ({"session": object(), "master": "local"}, "master, conf: a session was given"),
    ],
)
def test_what_cannot_be_used_is_named(given: dict[str, Any], words: str) -> None:
    """Before anything starts."""
    with pytest.raises(sr.ConfigurationError, match="^" + words):
        sr.engines.spark(**given)


@pytest.mark.parametrize(
    ("trigger", "seconds"),
    [
        ("0 seconds", 0.0),
        ("500 milliseconds", 0.5),
        ("1 Second", 1.0),
        ("1 minute 30 seconds", 90.0),
        ("1 hour 1 second 5 microseconds", 3601.000005),
        ("1 day", 86400.0),
        ("2 weeks", 14 * 86400.0),
        (timedelta(milliseconds=1), 0.001),
    ],
)
def test_a_trigger_is_an_interval_of_spark(trigger: str | timedelta, seconds: float) -> None:
    """As Spark's own streaming queries take it, but for months, which have no length."""
    assert sr.engines.spark(trigger=trigger).interval == seconds


def test_settings_may_be_numbers() -> None:
    """As in job files."""
    engine = sr.engines.spark(conf={"a": 1, "b": True, "c": "x", "d": 0.5})
    assert engine.conf == {"a": "1", "b": "true", "c": "x", "d": "0.5"}
