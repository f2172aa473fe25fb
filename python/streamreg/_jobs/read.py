"""Stage 1 of a job file: its bytes become a tree of TOML values, whatever the bytes are."""

import re
import tomllib
from pathlib import Path
from typing import Any

from streamreg._exceptions import ConfigurationError
from streamreg._jobs.check import describe

# A job is about fifty lines; the room is for certificates written into it.
MAX_BYTES = 256 * 1024

# tomllib takes time quadratic in the parts of a dotted key (and a key cannot leave its line), so
# without this limit a file of the size above could keep it busy for minutes. A list of a hundred
# brokers by address stays below.
_MAX_DOTS = 500

_PLACE = re.compile(r"^(?P<what>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)$", re.DOTALL)


def read_file(path: Path) -> bytes:
    """The file's bytes.

    Raises:
        ConfigurationError: If it cannot be read or is longer than any job file should be.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(f"{path}: cannot be read: {reason}") from error
    return data


def parse(data: bytes, name: str) -> dict[str, Any]:
    """The tree that the bytes of a TOML file describe.

    Args:
        data: The file's content.
        name: The file's name, for errors.

    Returns:
        The top-level table.

    Raises:
        ConfigurationError: If the bytes are not UTF-8, not TOML, or too many, too deep; the message
            starts with the name and, for TOML, the line and column.
    """
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{name}: longer than {MAX_BYTES // 1024} KiB: no job file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"{name}:{line}: byte 0x{data[error.start]:02x} is not UTF-8 text: "
            "a job file is text in TOML"
        ) from error
    for number, line_text in enumerate(text.split("\n"), 1):
        if line_text.count(".") > _MAX_DOTS:
            raise ConfigurationError(f"{name}:{number}: more than {_MAX_DOTS} dots in one line")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigurationError(f"{name}: nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.match(str(error))
        if place is None:
            raise ConfigurationError(f"{name}: {error}") from error
        where = f"{name}:{place['line']}:{place['column']}"
        lines = text.split("\n")
        what = _explained(place["what"], lines[int(place["line"]) - 1].strip())
        raise ConfigurationError(f"{where}: {what}") from error
    except ValueError as error:  # what tomllib hands on: a date like 2025-02-31, a number too long
        raise ConfigurationError(f"{name}: a value is out of range: {error}") from error


def _explained(what: str, line: str) -> str:
    """What the parser says of a line, in words that name what stands there twice."""
    if re.fullmatch(r"Cannot declare .* twice", what):
        return f"{line} stands twice"
    if what != "Cannot overwrite a value":
        return what
    if line.startswith("[["):
        one = line[1:-1]
        return f"{line} stands beside {one}: leave one of them out"
    return f"{describe(line.partition('=')[0].strip())} is given twice"
