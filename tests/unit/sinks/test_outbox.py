"""The outbox: what waits is delivered once, whatever the destination says, and for as long as it takes."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._sinks import outbox, waits
from streamreg._sinks.contract import (
    FORGOTTEN,
    AwayError,
    Changes,
    Delivered,
    EpochChanges,
    RunTerms,
)
from streamreg._sinks.gathering import Gathering
from streamreg._sinks.outbox import OutboxSink
from streamreg._sinks.outbox_position import compared
from streamreg._sinks.waits import Waits
from streamreg._state import outbox as parts
from tests.support.clock import clock_of

RUN = "0" * 32
EPOCHS = [EpochChanges(time, b"%d,%d,1\n" % (time, time)) for time in (3, 4, 7)]


class Held:
    """A destination in memory. `troubles` are raised, one at each call, before or after it has taken something."""

    def __init__(self) -> None:
        self.delivered: Delivered | None = None
        self.lines = b""
        self.ahead: list[Sequence[EpochChanges]] = []
        self.troubles: list[tuple[str, Exception]] = []
        self.opened = 0

    def connect(self) -> "Held":
        self.opened += 1
        self._trouble("connect")
        return self

    def last(self) -> Delivered | None:
        return self.delivered

    def begin(self, run: str) -> None:
        self.delivered = Delivered(run, -1)

    def send_ahead(self, epochs: Sequence[EpochChanges]) -> None:
        self.ahead.append(epochs)

    def deliver(self, epochs: Sequence[EpochChanges], before: Delivered) -> None:
        assert before == self.delivered
        self._trouble("before")
        self.lines += b"".join(epoch.lines for epoch in epochs)
        self.delivered = before._replace(time=epochs[-1].time)
        self._trouble("after")

    def close(self) -> None:
        return

    def _trouble(self, where: str) -> None:
        if self.troubles and self.troubles[0][0] == where:
            raise self.troubles.pop(0)[1]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_FIRST_PAUSE", 0.0)
    monkeypatch.setattr(outbox, "_MOST_PAUSE", 0.0)


def sink_of(
    held: Held,
    waiting: Sequence[EpochChanges] = (),
    delivered: int | None = None,
    *,
    state: bool = True,
    stopping: Callable[[], bool] = lambda: False,
    gathering: Gathering | None = None,
) -> OutboxSink:
    position = None
    if delivered is not None:
        last = waiting[-1].time if waiting else delivered
        position = {"run": RUN, "delivered": delivered, "time": last}
    terms = RunTerms(
        Path("state") if state else None, stopping=stopping, outbox={"out": list(waiting)}
    )
    return OutboxSink("out", held.connect, position, terms, gathering)


def append(sink: OutboxSink, epoch: EpochChanges) -> None:
    sink.append(Changes((), epoch.lines))
    sink.flush(durable=False)


def never() -> bool:
    return False


@pytest.mark.parametrize("at", [-1, 0, 1, 2])
def test_what_a_destination_has_is_not_delivered_again(at: int) -> None:
    """Wherever a run has died between the checkpoint and the confirmation."""
    held = Held()
    held.delivered = Delivered(RUN, 1 if at < 0 else EPOCHS[at].time)
    sink = sink_of(held, EPOCHS, 1)
    assert sink.connect(never)
    assert sink.deliver(never)
    assert held.lines == b"".join(epoch.lines for epoch in EPOCHS[at + 1 :])
    assert (sink.position["delivered"], sink.waiting) == (7, ())


@pytest.mark.parametrize("where", ["connect", "before", "after"])
def test_a_destination_that_is_away(where: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is tried again until it is back, asked what it has, and told of once, and once when it is back."""
    held = Held()
    sink = sink_of(held)
    assert sink.connect(never)
    assert sink.deliver(never)
    held.troubles = [("connect", AwayError("gone"))] * 3
    held.troubles.insert(0, ("before" if where == "connect" else where, AwayError("gone")))
    append(sink, EPOCHS[0])
    with caplog.at_level(logging.WARNING):
        assert sink.deliver(never)
    assert held.lines == EPOCHS[0].lines
    assert caplog.messages == [
        "out: gone: waits until it is back; its changes are kept in the state",
        "out: it is back, and has everything up to now, after 0 s",
    ]
    assert [getattr(record, "streamreg", {}) for record in caplog.records] == [
        {"event": "away", "output": "out", "reason": "gone"},
        {"event": "recovery", "output": "out", "seconds": pytest.approx(0, abs=5)},
    ]


def test_a_run_knows_for_which_output_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first failure until it has everything, and why."""
    clock = clock_of(monkeypatch, waits)
    known = Waits()
    held = Held()
    held.troubles = [("connect", AwayError("gone")), ("connect", AwayError("still"))]
    seen: list[tuple[float, str]] = []

    def look() -> bool:
        seen.extend(known.found.values())
        clock.now += 5
        return False

    sink = OutboxSink(
        "out", held.connect, None, RunTerms(Path("state"), stopping=look, waits=known)
    )
    assert known.since == {"out": None}
    assert sink.connect(look)
    assert seen == [(100.0, "gone")] * 2
    assert (known.since, known.found) == ({"out": None}, {})


def test_epochs_are_gathered_while_it_is_away() -> None:
    """A run that is to end tries once and leaves them in the state; the checkpoint has them as they were."""
    held = Held()
    sink = sink_of(held)
    assert sink.connect(never)
    assert sink.deliver(never)
    for epoch, where in zip(EPOCHS, ("before", "connect", "connect"), strict=True):
        held.troubles = [(where, AwayError("gone"))]
        append(sink, epoch)
        assert not sink.deliver(lambda: True)
    assert sink.waiting == tuple(EPOCHS)
    kept = {"out": list(sink.waiting)}
    assert parts.unpacked(parts.packed(kept), parts.index(kept)) == kept
    held.troubles = []
    assert sink.deliver(never)
    assert held.lines == b"".join(epoch.lines for epoch in EPOCHS)


def test_a_destination_is_told_what_comes() -> None:
    """Of all that waits, when it is flushed; not one that is away."""
    held = Held()
    sink = sink_of(held)
    assert sink.connect(never)
    assert sink.deliver(never)
    append(sink, EPOCHS[0])
    append(sink, EPOCHS[1])
    assert held.ahead == [(EPOCHS[0],), (EPOCHS[0], EPOCHS[1])]
    held.troubles = [("before", AwayError("gone"))]
    assert not sink.deliver(lambda: True)
    append(sink, EPOCHS[2])
    assert len(held.ahead) == 2


def test_without_a_state_it_is_direct() -> None:
    """Changes are delivered when they are flushed; what is not taken when the run ends is told of."""
    held = Held()
    ending: list[bool] = []
    sink = sink_of(held, state=False, stopping=lambda: bool(ending))
    assert sink.connect(never)
    append(sink, EPOCHS[0])
    assert (held.lines, held.ahead) == (EPOCHS[0].lines, [])
    held.troubles = [("before", AwayError("gone"))]
    ending.append(True)
    with pytest.raises(sr.OutputError, match="it is away, and the run is to end, without a state"):
        append(sink, EPOCHS[1])


def gathered(held: Held, gathering: Gathering, *, state: bool = True) -> OutboxSink:
    """Begun, with nothing in it."""
    sink = sink_of(held, state=state, gathering=gathering)
    assert sink.connect(never)
    assert sink.deliver(never)
    return sink


@pytest.mark.parametrize("state", [True, False])
def test_rows_are_gathered(state: bool) -> None:
    """They are delivered together when there are enough, and at the end; until then they wait."""
    held = Held()
    sink = gathered(held, Gathering(2, 1e9), state=state)
    append(sink, EPOCHS[0])
    assert sink.deliver(never, gather=True)
    assert held.lines == b""
    assert sink.due_at is not None
    assert sink.due_at > time.monotonic() + 1e8
    append(sink, EPOCHS[1])
    assert sink.deliver(never, gather=True)
    assert held.lines == EPOCHS[0].lines + EPOCHS[1].lines
    assert sink.waiting == ()
    append(sink, EPOCHS[2])
    assert sink.deliver(never)
    assert held.lines.endswith(EPOCHS[2].lines)


def test_what_is_gathered_grows_old_and_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of it says how old it is; many bytes are delivered though they are few rows."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    held = Held()
    sink = gathered(held, Gathering(10**9, 5.0))
    for moment, epoch in zip((1001.0, 1005.0, 1006.0), EPOCHS, strict=True):
        assert held.lines == b""
        now[0] = moment
        append(sink, epoch)
        assert sink.due_at == 1006.0
        assert sink.deliver(never, gather=True)
    assert held.lines == b"".join(epoch.lines for epoch in EPOCHS)
    monkeypatch.setattr(outbox, "_FULL", 10)
    append(sink, EpochChanges(8, b"00000000000,8,1\n"))
    assert sink.deliver(never, gather=True)
    assert sink.waiting == ()


def test_without_a_state_nothing_gathered_is_dropped_in_silence() -> None:
    """If it is away at the end, the run says what is missing."""
    held = Held()
    sink = gathered(held, Gathering(9, 1e9), state=False)
    append(sink, EPOCHS[0])
    held.troubles = [("before", AwayError("gone"))]
    with pytest.raises(sr.OutputError, match="the changes of 1 epoch: they are missing there"):
        sink.deliver(lambda: True)


@pytest.mark.parametrize(
    ("found", "confirmed", "waiting", "words"),
    [
        (None, 3, [], "is gone or empty"),
        (Delivered(RUN, -1), 3, [], "is gone or empty"),
        (Delivered("1" * 32, 3), 3, [], "of another run than this state's"),
        (Delivered(RUN, 2), 3, [], "it is older than the state"),
        (Delivered(RUN, 5), 3, EPOCHS[1:], "ends with the time 5, and the state with 7"),
        (Delivered(RUN, 8), 3, EPOCHS[1:], "the state is older than it"),
        (FORGOTTEN, 3, EPOCHS[1:], "no longer says which changes it has"),
    ],
)
def test_a_destination_of_another_time(
    found: Delivered | None, confirmed: int, waiting: list[EpochChanges], words: str
) -> None:
    """Each is told from the others, and refused."""
    with pytest.raises(sr.OutputError, match=words):
        compared("out", found, Delivered(RUN, confirmed), waiting, new=False)


@pytest.mark.parametrize(
    ("found", "confirmed", "new", "after"),
    [
        (None, -1, True, -1),
        (None, -1, False, -1),
        (Delivered("1" * 32, -1), -1, True, -1),
        (Delivered(RUN, 3), 3, False, 3),
        (FORGOTTEN, 3, False, 3),
    ],
)
def test_a_destination_that_fits(
    found: Delivered | None, confirmed: int, new: bool, after: int
) -> None:
    """One that nobody has begun, one that a run has begun and left, and the run's own."""
    assert compared("out", found, Delivered(RUN, confirmed), [], new=new) == after


@pytest.mark.parametrize(
    "position",
    [
        {"run": RUN, "delivered": 1},
        {"run": "x", "delivered": 1, "time": 1},
        {"run": RUN, "delivered": True, "time": 1},
        {"run": RUN, "delivered": 1, "time": 2},
        {"run": RUN, "delivered": -2, "time": -2},
    ],
)
def test_positions_of_something_else(position: object) -> None:
    """A position that no outbox has is damage, and so is an outbox that it does not fit."""
    with pytest.raises(sr.CorruptStateError):
        OutboxSink("out", Held().connect, position, RunTerms(Path("state")))
    with pytest.raises(ValueError, match="more waits for destinations"):
        parts.unpacked({"outbox 1 0 out": b"x"}, {})
    with pytest.raises(LookupError):
        parts.unpacked({}, {"out": [[1, 5]]})


def test_a_large_epoch_is_kept_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of a checkpoint is larger than SQLite takes."""
    monkeypatch.setattr(parts, "_PIECE", 3)
    kept = {"out": [EpochChanges(1, b"0123456789")], "other": [EpochChanges(1, b"abc")]}
    packed = parts.packed(kept)
    assert sorted(map(len, packed.values())) == [1, 3, 3, 3, 3]
    assert parts.unpacked(packed, parts.index(kept)) == kept
