"""Run: where rejects are kept: from what a program or a job file says to a file or a topic."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from streamreg._exceptions import ConfigurationError
from streamreg._kafka.source import KafkaSource
from streamreg._path import checked_path
from streamreg._sinks.rejects import RejectsFile

if TYPE_CHECKING:
    from streamreg._sinks.rejects import RejectsSpec
    from streamreg._source.contract import Source

RejectsArgument: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any]"
"""The path of a file, or what there is to say of a topic."""


def rejects_spec(given: RejectsArgument | None, source: Source) -> RejectsSpec | None:
    """Where the rejects of a source are kept; None: they are counted only.

    Raises:
        ConfigurationError: naming what cannot be used.
    """
    if given is None:
        return None
    if isinstance(given, Mapping):
        # Late: it brings the client.
        from streamreg._kafka.rejects_topic import rejects_topic

        return rejects_topic(given, source.settings if isinstance(source, KafkaSource) else None)
    if not isinstance(given, str | os.PathLike):
        raise ConfigurationError(
            f"rejects: expected a path, or {{'topic': …}}, found {type(given).__name__}"
        )
    return RejectsFile(Path(checked_path(given, "rejects", "the path of a file")))


def name_of(rejects: RejectsSpec | None) -> str | None:
    """What a state calls it."""
    return None if rejects is None else rejects.name
