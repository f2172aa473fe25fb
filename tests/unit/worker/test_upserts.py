"""The partial of a batch of upserts: a function of its messages, in which only what stands at the end counts."""

from streamreg._compile.compile import compile as compile_plan
from streamreg._source.contract import Range
from streamreg._worker.partial import Partial
from streamreg._worker.pipeline import Pipeline
from streamreg.testing import Message
from tests.support import upserts
from tests.support.plans import csv_output


def partial_of(messages: list[Message]) -> Partial:
    """What a worker hands in of messages of one partition that come together."""
    table = upserts.topic([messages], len(messages) + 1)
    outputs = [csv_output(t, name) for name, t in upserts.tables(table).items()]
    plan = compile_plan(outputs)
    reader = plan.source.reader({0: Range(0, len(messages), untouched=True)}, print)
    batch = reader.read(0)
    assert batch is not None
    return Pipeline(plan.input, plan.rows, None).process(batch)


def test_law_equal_messages_give_equal_partials() -> None:
    """Bit for bit, whoever computes them."""
    [messages], _ = upserts.sequence(200, 1, 9, 3)
    assert partial_of(messages) == partial_of(messages)


def test_only_what_stands_at_the_end_is_sent() -> None:
    """States, rows and what is kept are those of the last row of each key; a row that went is kept as gone."""
    row = upserts.Found("a", 1.0, 2.0, 3)
    other = upserts.Found("b", 5.0, 2.0, 3)
    messages = [
        Message(row.message(), b"k"),
        Message(other.message(), b"gone"),
        Message(other.message(), b"k"),
        Message(None, b"gone"),
        Message(None, b"never"),
        Message(b"{", b"rejected"),
    ]
    found = partial_of(messages)
    alone = partial_of([Message(other.message(), b"k")])
    assert (found.rows, found.tombstones, len(found.rejects)) == (3, 2, 1)
    assert (found.states, found.outputs) == (alone.states, alone.outputs)
    name = b"\0\0\0\0"
    gone = {name + b"gone": None, name + b"never": None}
    assert found.kept == {name + b"k": other.message(), **gone}
