"""Ground: events of the log: what kind of line a record is, and its numbers as data, for whoever reads logs by program.

The command line's JSON has them beside the text. docs/how-to/observe.md lists all.
"""

from __future__ import annotations


def event(name: str, **fields: object) -> dict[str, object]:
    """What a record is given as `extra`."""
    return {"streamreg": {"event": name, **fields}}
