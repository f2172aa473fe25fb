"""What the public function of the engine takes, and what it refuses, by name."""

import logging
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
        ({"master": ""}, "master: expected a URL"),
        ({"trigger": "soon"}, "trigger: expected a time"),
        ({"max_rows": 0}, "max_rows: expected 1 to"),
        ({"tasks": True}, "tasks: expected 1 to"),
        ({"conf": {"a": 1}}, "conf: expected texts by name"),
        ({"session": object(), "master": "local"}, "master, conf: a session was given"),
    ],
)
def test_what_cannot_be_used_is_named(given: dict[str, Any], words: str) -> None:
    """Before anything starts."""
    with pytest.raises(sr.ConfigurationError, match="^" + words):
        sr.engines.spark(**given)
