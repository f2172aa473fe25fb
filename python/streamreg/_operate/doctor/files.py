"""Doctor: files that a job reads in place of a topic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from streamreg._exceptions import StateError
from streamreg._operate.doctor.outcomes import SkipError, TroubleError
from streamreg._plural import plural
from streamreg._run.resume import positions
from streamreg._source.contract import Range

if TYPE_CHECKING:
    from streamreg._operate.doctor.disk import Disk
    from streamreg._plan.plan import Plan
    from streamreg._source.contract import Watermarks
    from streamreg._state.checkpoint import Checkpoint

_SHOWN = 4


class Files:
    """The checks of the source."""

    def __init__(self, plan: Plan, disk: Disk) -> None:
        """Looks at nothing yet."""
        self.source = plan.source
        self._input = plan.input
        self._disk = disk
        self.watermarks: Mapping[int, Watermarks] = {}

    def no_broker(self) -> str:
        """Nothing to look at."""
        raise SkipError("files are read, and no topic")

    def found(self) -> str:
        """Are the files there, those of the state among them?"""
        checkpoint = self._checkpoint()
        waits: list[str] = []
        known = None if checkpoint is None else checkpoint.identity
        if self.source.pin(known, waits.append, lambda: True) is None:
            raise SkipError(" ".join(waits))
        names = [self.source.origin(p).name for p in range(len(self.source.identity["files"]))]
        more = ["…"] if len(names) > _SHOWN else []
        return f"{plural(len(names), 'file')}: {', '.join([*names[:_SHOWN], *more])}"

    def lengths(self) -> str:
        """Can they be looked at?"""
        self.watermarks = self.source.watermarks(_ignore, _never)
        if not self.watermarks:
            raise SkipError("no file yet")
        return plural(sum(each.high for each in self.watermarks.values()), "byte")

    def read(self) -> str:
        """May they be read, and are they those that the state has read?"""
        checkpoint = self._checkpoint()
        if checkpoint is None:
            first = self.source.first_messages(self.watermarks, _ignore, _never)
            return f"{sum(value is not None for _, value in first)} of {len(self.watermarks)} hold something"
        inside = {
            p: at for p, at in positions(checkpoint).items() if at.start <= self.watermarks[p].high
        }
        self.source.check_log(inside, _ignore, _never)
        return "what was read of them is still there"

    def header(self) -> str:
        """Do the first records fit?"""
        for partition, at in self.watermarks.items():
            # What a run would do first: it raises what it would.
            reader = self.source.reader({partition: Range(0, at.high, untouched=True)}, _ignore)
            try:
                batch = reader.read(0.0) if at.high else None
            finally:
                reader.close()
            if batch is None:
                continue
            if batch.found is not None:
                return f"{self.source.origin(partition)}: the columns are {', '.join(batch.found)}"
            decoder = self._input.format.decoder(self._input.fields, None)
            decoded = decoder.decode([*batch.values][:1])
            if not decoded.rows:
                kind, detail = decoded.rejects[0][1], decoded.rejects[0][3]
                raise TroubleError(
                    f"{self.source.origin(partition)}: its first record does not fit ({kind}: {detail}): check "
                    "schema, source.format and source.header"
                )
            return f"{self.source.origin(partition)}: its first record fits the schema"
        raise SkipError("nothing to read yet")

    def _checkpoint(self) -> Checkpoint | None:
        try:
            return self._disk.checkpoint
        except StateError:
            return None  # which has a line of its own


def _ignore(text: str) -> None:
    """What passes by itself is no finding."""


def _never() -> bool:
    return False
