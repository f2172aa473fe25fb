"""Run: no run reads the files that it writes: each of its rows would come again, as another row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._exceptions import OutputError
from streamreg._state.store import FILE

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._sinks.rejects import RejectsSpec


def refuse_own_files(
    plan: Plan, rejects: RejectsSpec | None, state: Path | None, of: str | None = None
) -> None:
    """Raises OutputError if the source would read an output of the run, its rejects, or its state; or the one `of`."""
    for name, file in _files(plan, rejects, state):
        if of in (None, name) and plan.source.would_read(file):
            raise OutputError(
                f"{name}: {file} is one of the files that are read ({plan.source.name}), and would be read as rows of "
                "theirs: write to another folder, or name what is read more closely"
            )


def _files(
    plan: Plan, rejects: RejectsSpec | None, state: Path | None
) -> Iterator[tuple[str, Path]]:
    for output in plan.outputs:
        yield from ((output.name, file) for file in output.sink.files())
    if rejects is not None and rejects.kind == "file":
        yield rejects.name, Path(rejects.name)
    if state is not None:
        yield f"state {state}", state / FILE
