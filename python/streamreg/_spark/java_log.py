"""Spark, on the driver: what the Java of a session of its own writes to stdout and stderr, as records of the log.

They are those of the logger `streamreg.spark`, a line each, with the level that Spark gives them.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pyspark import SparkConf

_log = logging.getLogger("streamreg.spark")

_LINE: Final = re.compile(
    r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d (TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +(.*)"
)
"""A line of Spark's own log; what follows without such a head belongs to it."""

_LEVELS: Final = {
    "TRACE": logging.DEBUG,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
}
_NO_NEWS: Final = (
    "Using Spark's default log4j profile",
    "Setting default log level",
    "To adjust logging level",
    "WARNING: Using incubator modules",
)
"""Beginnings of what it says at each start."""

_LAST_LINES: Final = 3
"""So many of its lines stand in the error where it does not start."""

_LAST_SECONDS: Final = 2.0
"""For how long the last words of a Java that has ended are waited for."""


class JavaEndedError(Exception):
    """Spark's Java has ended while it started; with its last words."""


def launched(conf: SparkConf) -> Any:  # noqa: ANN401  # py4j has no types
    """Starts Spark's Java. Raises JavaEndedError if it ends at once, or else what pyspark does."""
    from pyspark.java_gateway import launch_gateway

    words, written = os.pipe()
    last: deque[str] = deque(maxlen=_LAST_LINES)
    reader = threading.Thread(
        target=_read, args=(words, last), name="streamreg-spark-log", daemon=True
    )
    reader.start()
    try:
        streams = {"stdout": written, "stderr": written}
        gateway = launch_gateway(conf, streams)  # type: ignore[no-untyped-call]  # nor this
    except BaseException as error:
        os.close(written)
        reader.join(_LAST_SECONDS)
        if "JAVA_GATEWAY_EXITED" in str(error):
            raise JavaEndedError("; ".join(last)) from error
        raise
    os.close(written)
    return gateway


def _read(descriptor: int, last: deque[str]) -> None:
    """Until the Java, and what it has started, has ended."""
    with open(descriptor, encoding="utf-8", errors="replace") as lines:
        tell(_noted(lines, last))


def _noted(lines: Iterable[str], last: deque[str]) -> Iterator[str]:
    """The lines, of which the last are kept, whatever is logged of them."""
    for line in lines:
        if line.strip():
            last.append(line.strip())
        yield line


def tell(lines: Iterable[str]) -> None:
    """Logs the lines as they come."""
    level = logging.WARNING
    for line in lines:
        text = line.rstrip()
        found = _LINE.fullmatch(text)
        if found is not None:
            level, text = _LEVELS[found[1]], found[2]
        if text:
            _log.log(logging.INFO if text.startswith(_NO_NEWS) else level, "%s", text)
