"""The example of a job file, which has every key there is; and by it where a key that is misplaced belongs."""

import re
from pathlib import Path

_LINE = re.compile(
    r"(?:# )?(?:(?P<table>\[[a-z_.]+\]|\[\[[a-z_.]+\]\])|(?P<key>[a-z_]+(?:\.[a-z_]+)*) = .+)"
)
_NAMES = ("[schema]", "[source.metadata]")
"""Tables whose keys are names of columns."""


def example() -> str:
    """A complete job file that explains every key."""
    return Path(__file__).with_name("example.toml").read_text(encoding="utf-8")


def elsewhere(key: str) -> str:
    """Where a key is known that is unknown where it stands, as an error ends; "" if nowhere."""
    own: list[str] = []
    names: dict[str, None] = {}
    tables: dict[str, None] = {}
    table = ""
    for line in example().splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        if match["table"]:
            table = match["table"]
            if table.strip("[]").rpartition(".")[2] == key:
                own.append(table)
        elif match["key"].partition(".")[0] == key and table not in _NAMES:
            # `group.id` without quotes is a table `group` to TOML.
            names[match["key"]] = tables[table] = None
    told = [f"{each} is a table of its own" for each in own]
    if tables:
        name = next(iter(names)) if len(names) == 1 else f"{key}.…"
        told.append(f"{name} belongs to {' or '.join(tables)}")
    return "".join(f"; {each}" for each in told)
