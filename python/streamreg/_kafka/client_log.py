"""Source, Kafka: the client's log (librdkafka): who asks for it, and where it goes.

What matters of it comes as errors, once, so that those alone see it who ask for it: by `debug` or `log_level` in
the settings, or by a level of the logger `streamreg.librdkafka`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from streamreg._terminal.log_lines import handled, written_apart

if TYPE_CHECKING:
    from streamreg._kafka.settings import Setting

CLIENT: Final = logging.getLogger("streamreg.librdkafka")

_LEVELS: Final = (
    *[logging.CRITICAL] * 3,
    logging.ERROR,
    logging.WARNING,
    *[logging.INFO] * 2,
    logging.DEBUG,
)
"""Of Python, for those of syslog, which `log_level` counts in."""


def logger(settings: Mapping[str, Setting], log: logging.Handler | None = None) -> logging.Logger:
    """Who takes the log of one client: `log` all of it, and whoever asks for it."""
    own = logging.Logger(CLIENT.name)  # Of its own: no other client's lines come to `log`.
    if log is not None:
        own.addHandler(log)
    own.addHandler(_Shown(_asked(settings)))
    return own


def _asked(settings: Mapping[str, Setting]) -> int | None:
    """From which level on the settings ask for it; None if they do not."""
    if "debug" in settings:
        return logging.DEBUG
    if "log_level" not in settings:
        return None
    return _LEVELS[max(0, min(int(str(settings["log_level"])), len(_LEVELS) - 1))]


class _Shown(logging.Handler):
    """Gives what is asked for to the handlers of the program; where it has none, to stderr."""

    def __init__(self, asked: int | None) -> None:
        super().__init__()
        self._asked = asked

    @cached_property
    def _stderr(self) -> logging.Handler:
        if sys.stderr is None:
            return logging.NullHandler()
        return logging.StreamHandler(written_apart(sys.stderr))

    def emit(self, record: logging.LogRecord) -> None:
        """Shows a record, or does not."""
        wanted = self._asked is not None and record.levelno >= self._asked
        # That of the root says nothing of this log: whoever wants warnings does not want these.
        if not wanted and not (CLIENT.level and CLIENT.isEnabledFor(record.levelno)):
            return
        if wanted and not handled(CLIENT):
            self._stderr.handle(record)
        else:
            CLIENT.handle(record)
