"""Source, files: what a program says of any kind of files, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from streamreg._exceptions import ConfigurationError
from streamreg._path import checked_path
from streamreg._source.arguments import check_interval, check_mode

Mode: TypeAlias = Literal["streaming", "static"]


def checked_files(
    path: object, mode: Mode, autocommit_duration_ms: int, refresh_seconds: float
) -> tuple[tuple[str, ...], Mode, int, float]:
    """What all sources of files are told, in their order: paths, mode, intervals of epochs and of looks for files.

    Raises:
        ConfigurationError: naming the argument that cannot be used.
    """
    check_mode(mode)
    check_interval(autocommit_duration_ms)
    if (
        isinstance(refresh_seconds, bool)
        or not isinstance(refresh_seconds, int | float)
        or not 0 < refresh_seconds < float("inf")
    ):
        raise ConfigurationError(
            f"refresh_seconds: expected a number of seconds above 0, found {refresh_seconds!r}"
        )
    return _checked_paths(path), mode, autocommit_duration_ms, refresh_seconds


def _checked_paths(given: object) -> tuple[str, ...]:
    """One path or several, as text. Raises ConfigurationError if it is none."""
    several = isinstance(given, Sequence) and not isinstance(given, str | bytes)
    paths = [*given] if several else [given]  # type: ignore[misc]  # it is a sequence then
    if not paths:
        raise ConfigurationError("path: expected the path of a file, found none")
    return tuple(checked_path(path, "path", "the path of a file") for path in paths)
