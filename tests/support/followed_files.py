"""Files of numbered rows, for tests of the source of files."""

from collections.abc import Sequence
from pathlib import Path

import streamreg as sr
from tests.support.numbered import Point, stream


def texts(rows: int, files: int) -> list[bytes]:
    """The files of `stream`: row x stands in file x modulo their number, each behind a header."""
    return [b"\n".join([*lines, b""]) for lines in stream(rows, files)]


def put(folder: Path, contents: Sequence[bytes]) -> list[Path]:
    """Writes the files 0.csv, 1.csv and so on."""
    paths = [folder / f"{at}.csv" for at in range(len(contents))]
    for path, text in zip(paths, contents, strict=True):
        path.write_bytes(text)
    return paths


def table(mode: str = "static", path: str = "[0-9].csv") -> sr.Table:
    """The rows of the files in the current folder."""
    return sr.io.csv.read(
        path,
        schema=Point,
        mode=mode,  # type: ignore[arg-type]  # one of the two
        autocommit_duration_ms=0,
        refresh_seconds=0.05,
    )
