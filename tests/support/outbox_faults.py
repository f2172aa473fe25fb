"""Fault points of deliveries: the steps between an epoch and its destination at which a run can be made to die."""

from collections.abc import Sequence

from confluent_kafka import TopicPartition

from streamreg._kafka.sink_destination import TopicDestination
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


def of_destination(moment: str, *, topics: bool = True) -> Step:
    """A step of whatever destinations are connected, or of all but topics: "before" or "after" one of their methods."""
    when, _, name = moment.partition(" ")
    wrap = before if when == "before" else after

    def install(countdown: Countdown) -> None:
        connected = OutboxSink._connected
        known: list[contract.Destination] = []

        def patched(self: OutboxSink) -> contract.Destination:
            destination = connected(self)
            wanted = topics or not isinstance(destination, TopicDestination)
            if wanted and not any(destination is each for each in known):
                known.append(destination)
                wrap(destination, name)(countdown)
            return destination

        OutboxSink._connected = patched  # type: ignore[method-assign]  # what a fault point is

    return install


def within_delivery(countdown: Countdown) -> None:
    """Dies where changes are written and not committed; of a topic they have arrived there."""
    commit = TopicDestination._commit

    def patched(self: TopicDestination, epoch: TopicPartition) -> None:
        flush(self)
        countdown()
        commit(self, epoch)

    TopicDestination._commit = patched  # type: ignore[method-assign]  # what a fault point is
    of_destination("after _write", topics=False)(countdown)


def sent_ahead(countdown: Countdown) -> None:
    """Dies where changes are sent, and no checkpoint holds them; of a topic they have arrived there."""
    send = TopicDestination.send_ahead

    def patched(self: TopicDestination, epochs: Sequence[contract.EpochChanges]) -> None:
        send(self, epochs)
        assert self._ahead is not None
        self._ahead.wait()
        flush(self)

    TopicDestination.send_ahead = patched  # type: ignore[method-assign]  # what a fault point is
    of_destination("after send_ahead")(countdown)


def flush(destination: TopicDestination) -> None:
    """Waits until the topic has what was sent."""
    assert destination._producer is not None
    destination._producer.flush()


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

AHEAD: dict[str, Step] = {"sent ahead, nothing committed": sent_ahead}
"""The same, of topics alone."""


def install(name: str, count: int) -> None:
    """Makes the process die when it comes to this step for the `count`-th time."""
    (AT_START | CLOSING | AHEAD)[name](Countdown(count))
