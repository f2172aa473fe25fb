"""Sink: the outbox: changes that wait in the checkpoint until their destination has confirmed them.

The order of things makes each change stand at the destination once: the checkpoint that an epoch ends with holds its
changes too; then they are delivered, in one transaction of the destination that also says which epoch is its last.
Where it is not known whether that was committed, because this process or the connection died, the destination is
asked, and what it lacks is delivered again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from streamreg._event import event
from streamreg._exceptions import CorruptStateError, OutputError, StreamregError
from streamreg._plural import plural
from streamreg._sinks.contract import AwayError, EpochChanges
from streamreg._sinks.outbox_position import compared, confirmed

if TYPE_CHECKING:
    from streamreg._sinks.contract import Changes, Destination, Position, RunTerms
    from streamreg._sinks.gathering import Gathering

_log = logging.getLogger("streamreg")

_DELIVERED: Final = "it is back, and has everything up to now"
_FIRST_PAUSE: Final = 0.2
_MOST_PAUSE: Final = 10.0
"""Seconds between two attempts to reach a destination that is away: at first, and at most; each doubles them."""

_LOOK_SECONDS: Final = 0.1
"""How often it is looked meanwhile whether the run is to end."""

_FULL: Final = 32 << 20
"""Bytes of changes with which an epoch is closed before its time: they are held in memory until then."""


class OutboxSink:
    """A sink that delivers to a destination."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], Destination],
        position: Position | None,
        terms: RunTerms,
        gathering: Gathering | None = None,
    ) -> None:
        """Nothing is connected yet; `position` is where the last run has left it.

        What waits is delivered at the end of each epoch, or as `gathering` says.

        Raises:
            CorruptStateError: if that is no position of such a sink, or what waits is not what it says.
        """
        self._name = name
        self._connect = connect
        self._destination: Destination | None = None
        self._direct = terms.state is None
        self._stopping = terms.stopping
        self._waiting = list(terms.outbox.get(name, ()))
        self._confirmed = confirmed(position, self._waiting)
        self._new = position is None
        self._gathering = gathering
        self._rows = self._size = 0
        self._since = time.monotonic()
        self._begun = False
        self._open: list[bytes] = []
        self._open_size = 0
        self._waits = terms.waits
        self._waits.add(name)

    @property
    def position(self) -> Position:
        return {
            "run": self._confirmed.run,
            "delivered": self._confirmed.time,
            "time": self._waiting[-1].time if self._waiting else self._confirmed.time,
        }

    @property
    def waiting(self) -> Sequence[EpochChanges]:
        """The epochs that the destination has not confirmed."""
        return tuple(self._waiting)

    @property
    def full(self) -> bool:
        """Whether the open epoch holds so much that it should end."""
        return self._open_size >= _FULL

    @property
    def due_at(self) -> float | None:
        """When what is gathered is to be delivered, by the monotonic clock; None if nothing is."""
        if self._gathering is None or not self._waiting:
            return None
        if self._rows >= self._gathering.rows or self._size >= _FULL:
            return self._since
        return self._since + self._gathering.seconds

    def append(self, changes: Changes) -> None:
        if changes.lines:
            self._open.append(changes.lines)
            self._open_size += len(changes.lines)

    def flush(self, *, durable: bool) -> None:
        """Puts the changes of the epoch into the outbox; without a state they are delivered at once.

        Raises:
            OutputError: without a state, if the destination refuses them, or is away until the run is to end.
        """
        lines = b"".join(self._open)
        self._open, self._open_size = [], 0
        if lines:
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting.append(EpochChanges(time_of(lines), lines))
            self._rows += lines.count(b"\n")
            self._size += len(lines)
            if not self._direct and self._gathering is None:
                self._send_ahead()
        if self._direct:
            self.deliver(self._stopping, gather=True)

    def _send_ahead(self) -> None:
        """Tells the destination what waits, before the checkpoint holds it, unless it is away."""
        if self._destination is not None and self._begun:
            self._destination.send_ahead(tuple(self._waiting))

    def connect(self, stopping: Callable[[], bool]) -> bool:
        """Connects and compares, and waits while the destination is away; False if the run is to end first.

        Raises:
            OutputError: if the destination refuses, or is not as the last run has left it.
        """
        return self._until_done(self._connected, "it is back", stopping)

    def deliver(self, stopping: Callable[[], bool], *, gather: bool = False) -> bool:
        """Delivers what waits, and tries again while the destination is away; False if the run is to end first.

        `gather` leaves what is not enough yet.

        Raises:
            OutputError: if the destination refuses for good. What was not confirmed still waits. Without a state, if
                it is away until the run is to end.
        """
        if gather and self.due_at is not None and time.monotonic() < self.due_at:
            return True
        if not (self._waiting or self._new) or self._until_done(
            self._deliver, _DELIVERED, stopping
        ):
            return True
        if self._direct and self._waiting:
            raise OutputError(
                f"{self._name}: it is away, and the run is to end, without a state that could keep the changes of "
                f"{plural(len(self._waiting), 'epoch')}: they are missing there"
            )
        return False

    def close(self) -> None:
        if self._waiting and not self._direct:
            _log.warning(
                "%s: the changes of %s were not delivered yet: the next run of this state delivers them",
                self._name,
                plural(len(self._waiting), "epoch"),
                extra=event("undelivered", output=self._name, epochs=len(self._waiting)),
            )
        self._let_go()

    def _until_done(
        self, attempt: Callable[[], object], news: str, stopping: Callable[[], bool]
    ) -> bool:
        pause = _FIRST_PAUSE
        while True:
            try:
                attempt()
            except AwayError as error:
                self._let_go()
                self._tell_away(error)
                if not _paused(pause, stopping):
                    return False
                pause = min(2 * pause, _MOST_PAUSE)
            else:
                self._waits.end(self._name, news)
                return True

    def _tell_away(self, error: AwayError) -> None:
        kept = "" if self._direct else "; its changes are kept in the state"
        self._waits.begin(self._name, str(error), f"waits until it is back{kept}")

    def _connected(self) -> Destination:
        if self._destination is None:
            self._destination = self._connect()
            found = self._destination.last()
            after = compared(self._name, found, self._confirmed, self._waiting, new=self._new)
            self._begun = found is not None and found.run == self._confirmed.run
            self._confirm(after)
        return self._destination

    def _deliver(self) -> None:
        destination = self._connected()
        if not self._begun:
            destination.begin(self._confirmed.run)
            self._begun = True
        self._new = False
        if self._waiting:
            try:
                destination.deliver(self._waiting, self._confirmed)
            except (ValueError, LookupError) as error:
                if isinstance(error, StreamregError):
                    raise
                # Whatever the lines may be: a run writes none that cannot be taken apart.
                raise CorruptStateError(f"what waits for {self._name} is no rows of it") from error
            self._confirm(self._waiting[-1].time)

    def _confirm(self, time: int) -> None:
        """The destination has everything up to this time."""
        self._confirmed = self._confirmed._replace(time=time)
        self._waiting = [epoch for epoch in self._waiting if epoch.time > time]
        self._rows = sum(epoch.lines.count(b"\n") for epoch in self._waiting)
        self._size = sum(len(epoch.lines) for epoch in self._waiting)

    def _let_go(self) -> None:
        if self._destination is not None:
            self._destination.close()
            self._destination = None


def _paused(seconds: float, stopping: Callable[[], bool]) -> bool:
    """Waits so long; False if the run is to end meanwhile."""
    until = time.monotonic() + seconds
    while not stopping():
        left = until - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, _LOOK_SECONDS))
    return False


def time_of(lines: bytes) -> int:
    """The time of the changes of an epoch: each line says it, before its diff."""
    end = lines.rindex(b",")
    return int(lines[lines.rindex(b",", 0, end) + 1 : end])
