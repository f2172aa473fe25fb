"""The log of the command line: what goes to stderr, and how a line of it looks.

On a terminal lines are for people, as `streamreg: …`. Elsewhere a run writes one line for each record, with time and
level, as text or as JSON.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias, get_args

from streamreg._event import event
from streamreg._terminal.standard_streams import is_terminal
from streamreg._terminal.width import one_line

LogFormat: TypeAlias = Literal["text", "json"]
FORMATS: Final = get_args(LogFormat)
LEVELS: Final = ("debug", "info", "warning", "error")

_LOGGER: Final = "streamreg"
_OF_RUNS: Final = "streamreg.run"
"""What runs log of their own course, which on a terminal their line of progress shows."""
_OF_CLIENT: Final = "streamreg.librdkafka"


class PlainLines(logging.Formatter):
    """`streamreg: text`, for people: on one line whatever the text, but for a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        text = f"streamreg: {one_line(record.getMessage())}"
        if record.exc_info:
            text = "\n".join(
                [text, *map(one_line, self.formatException(record.exc_info).split("\n"))]
            )
        return text


class TextLines(logging.Formatter):
    """`2026-01-01T00:00:00.000Z INFO text`, on one line whatever the text."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return f"{_time(record)} {record.levelname} {one_line(_text(record))}"


class JsonLines(logging.Formatter):
    """One JSON object for each record: time, level, logger, message, and what the record has as data."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        found = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _text(record),
            **getattr(record, _LOGGER, {}),
        }
        return json.dumps(found, ensure_ascii=True, allow_nan=False, default=str)


_FORMATTERS: Final[dict[LogFormat, type[logging.Formatter]]] = {
    "text": TextLines,
    "json": JsonLines,
}


def log_to_stderr(debug: bool) -> None:
    """Lets everything that people at a terminal want to know go to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainLines())
    logging.basicConfig(handlers=[handler])
    logging.getLogger(_LOGGER).setLevel(logging.DEBUG if debug else logging.INFO)
    logging.getLogger(_OF_RUNS).setLevel(logging.WARNING)
    _log_the_client(debug)


def log_a_run(format: LogFormat | None, level: str | None, *, debug: bool) -> LogFormat | None:
    """Lets a run log lines with time and level where stderr is no terminal, or where that is asked for.

    Returns the format; None where lines stay as they are on a terminal.
    """
    if level is None:
        level = "debug" if debug else "info"
    _log_the_client(level == "debug")
    if format is None:
        if is_terminal(sys.stderr):
            logging.getLogger(_LOGGER).setLevel(level.upper())
            return None
        format = "text"
    formatter = _FORMATTERS[format]()
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:  # That of `log_to_stderr`: no other's.
            handler.setFormatter(formatter)
    logging.captureWarnings(True)  # Those of Python, which would stand between the lines.
    logging.getLogger(_LOGGER).setLevel(level.upper())
    logging.getLogger(_OF_RUNS).setLevel(logging.NOTSET)
    return format


def _log_the_client(wanted: bool) -> None:
    # One lost connection is a hundred lines of the client; its errors come through exceptions.
    logging.getLogger(_OF_CLIENT).setLevel(logging.DEBUG if wanted else logging.CRITICAL)


def line(
    format: LogFormat | None, level: int, text: str, data: Mapping[str, object] | None = None
) -> str:
    """A line of its own for stderr, as the log has it, with its data; where there is none, for people."""
    if format is None:
        name = "error: " if level >= logging.ERROR else ""
        return f"streamreg: {name}{text}"
    record = logging.LogRecord(_LOGGER, level, __file__, 0, text, None, None)
    record.__dict__.update(data or {})
    return _FORMATTERS[format]().format(record)


def lines_of_error(format: LogFormat | None, text: str) -> Iterator[str]:
    """What ends a program, as `line`: as JSON it is one object, however many lines it has."""
    text = text or "no reason is known"
    for each in [text] if format == "json" else text.splitlines():
        yield line(format, logging.ERROR, each, event("error"))


def _time(record: logging.LogRecord) -> str:
    """When it was made, by ISO 8601, in UTC."""
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(record: logging.LogRecord) -> str:
    text = record.getMessage().rstrip("\n")
    if record.exc_info:
        text = f"{text}\n{logging.Formatter().formatException(record.exc_info)}"
    return text
