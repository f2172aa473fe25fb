"""A job on a disk that has no room for more than so many bytes of a file; what it ends with is its last line."""

import os
import resource
import sys

import streamreg as sr
from streamreg._sinks.append_file import AppendFile
from streamreg._sinks.outbox import OutboxSink
from streamreg._state.store import Store
from streamreg.testing import read
from tests.support.numbered import Point, stream

SINK = os.environ["SINK"]


def no_room(owner: object, name: str, most: int) -> None:
    """While this method runs, no file may become larger."""
    original = getattr(owner, name)

    def patched(*given: object, **named: object) -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        try:
            return original(*given, **named)
        finally:
            resource.setrlimit(
                resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )

    setattr(owner, name, patched)


if most := int(os.environ["MOST_BYTES"]):
    if SINK == "state":
        no_room(Store, "save", most)
    else:
        no_room(AppendFile, "flush", most)
        no_room(OutboxSink, "deliver", most)
t = read(stream(int(os.environ["ROWS"]), 3), schema=Point, batch=60)
match SINK:
    case "csv" | "state":
        sr.io.csv.write(t, "rows.csv")
    case "sqlite":
        sr.io.sqlite.write(t, "out.db", table="rows")
    case "delta":
        sr.io.delta.write(t, "lake", rows_per_file=1)
try:
    sr.run(processes=0, state="state")
except sr.StreamregError as error:
    sys.exit(f"{type(error).__name__}: {error}")
