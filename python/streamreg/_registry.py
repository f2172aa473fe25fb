"""The outputs that the program has asked for, until `run` takes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._exceptions import ProgramError

if TYPE_CHECKING:
    from streamreg._plan import Output

_outputs: list[Output] = []


def add(output: Output) -> None:
    """Remembers an output. ProgramError if another output writes the same file."""
    path = Path(output.path).resolve()
    if any(Path(other.path).resolve() == path for other in _outputs):
        raise ProgramError(f"two outputs write {output.path}: give each its own path")
    _outputs.append(output)


def take() -> list[Output]:
    """All outputs, which are then forgotten: each is run once."""
    outputs = list(_outputs)
    _outputs.clear()
    return outputs
