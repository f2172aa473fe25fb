"""Files in parts, as a reader of them sees them."""

from pathlib import Path

from streamreg._sinks.part_position import PartsPosition, parts_beside
from streamreg._state.snapshot import read as read_state


def parts_of(path: Path) -> list[Path]:
    """The finished parts in order, then the open one."""
    return [*parts_beside(path).values(), path]


def join(path: Path, into: Path) -> None:
    """One file of all parts, each of which must begin with the header."""
    texts = [part.read_text() for part in parts_of(path)]
    header = texts[0].partition("\n")[0] + "\n"
    assert all(text.startswith(header) for text in texts)
    into.write_text(header + "".join(text.removeprefix(header) for text in texts))


def check_finished(path: Path, state: Path) -> int:
    """The finished parts are those that the state has, byte by byte; returns how many there are."""
    position = read_state(state).positions[path.name]
    assert PartsPosition.is_such(position)
    at = PartsPosition.of(position)
    found = parts_beside(path)
    assert list(found) == [part.time for part in at.parts]
    for part in at.parts:
        text = found[part.time].read_text()
        assert len(text) == part.length
        assert int(text.splitlines()[-1].split(",")[-2]) == part.time
    return len(at.parts)
