"""Fault points of deliveries: the steps between an epoch and its destination at which a run can be made to die."""

from collections.abc import Sequence

from streamreg._kafka.sink import TopicDestination
from streamreg._run import resume
from streamreg._sinks import contract
from streamreg._sinks.outbox import OutboxSink
from streamreg._state.store import Store
from tests.support.kafka.faults import (
    Countdown,
    Step,
    after,
    before,
    before_the_commit_record,
    within_transaction,
)


def of_destination(moment: str) -> Step:
    """A step of whatever destinations are connected: "before" or "after" one of their methods."""
    when, _, name = moment.partition(" ")
    wrap = before if when == "before" else after

    def install(countdown: Countdown) -> None:
        connected = OutboxSink._connected
        known: list[contract.Destination] = []

        def patched(self: OutboxSink) -> contract.Destination:
            destination = connected(self)
            if not any(destination is each for each in known):
                known.append(destination)
                wrap(destination, name)(countdown)
            return destination

        OutboxSink._connected = patched  # type: ignore[method-assign]  # what a fault point is

    return install


def within_delivery(countdown: Countdown) -> None:
    """Dies where changes are written and not committed; of a topic they have arrived there."""
    write = TopicDestination._write

    def patched(self: TopicDestination, epochs: Sequence[contract.EpochChanges]) -> None:
        write(self, epochs)
        assert self._producer is not None
        self._producer.flush()

    TopicDestination._write = patched  # type: ignore[method-assign]  # what a fault point is
    of_destination("after _write")(countdown)


AT_START: dict[str, Step] = {
    "made, nothing committed": of_destination("after begin"),
    "all made, nothing committed": before(Store, "save"),
    "begun again, before the first commit": after(resume, "open_outputs"),
}
"""Steps of a start; each happens once, and the first one only before there is a state."""

CLOSING: dict[str, Step] = {
    "the outbox filled, nothing committed": after(OutboxSink, "flush"),
    "within the transaction": within_transaction,
    "after the transaction, before its commit record": before_the_commit_record,
    "after the commit, before the first delivery": after(Store, "save"),
    "before a delivery": before(OutboxSink, "deliver"),
    "the transaction of a delivery is open": within_delivery,
    "delivered, and not confirmed": of_destination("after deliver"),
    "one delivered, the others not": after(OutboxSink, "deliver"),
}
"""Steps of an epoch; each happens again and again."""


def install(name: str, count: int) -> None:
    """Makes the process die when it comes to this step for the `count`-th time."""
    (AT_START | CLOSING)[name](Countdown(count))
