"""Several topics, named or by a pattern: read by one job, exactly once, and told apart wherever a place is told."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

import streamreg as sr
from streamreg._operate.inspect import describe, lines
from streamreg._operate.top.sources import State
from streamreg._state.snapshot import read as read_state
from tests.support.changelog import inserted
from tests.support.doctor import findings
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.command import streamreg
from tests.support.kafka.numbered import HEADER, message, rows_so_far, verify
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import job_environment
from tests.support.kafka.siege import Siege
from tests.support.kafka.topics import delete_topic

STATE = Path("state")
ROWS = 300


class Row(sr.Schema):
    n: int


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def made(broker: KafkaBroker, topic: str, produce: Produce) -> tuple[str, str]:
    """Two topics, of two partitions and of one, with the numbers 0 to 9, 10 to 19, and 100 to 109."""
    a, b = f"{topic}-a", f"{topic}-b"
    broker.create_topic(a, 2)
    broker.create_topic(b)
    for partition in range(2):
        produce(a, [b"%d" % (10 * partition + n) for n in range(10)], partition)
    produce(b, [b"%d" % (100 + n) for n in range(10)])
    return a, b


def run(
    broker: KafkaBroker,
    *topics: str,
    mode: str = "static",
    stop: Callable[[sr.Progress], bool] | None = None,
    processes: int = 1,
    **options: Any,  # noqa: ANN401 - those of `read`
) -> sr.Summary:
    sr.clear()
    t = sr.io.kafka.read(
        {**broker.plaintext, "topic.metadata.refresh.interval.ms": "200"},
        list(topics) or None,
        schema=Row,
        header=["n"],
        mode=mode,  # type: ignore[arg-type]
        autocommit_duration_ms=0,
        metadata={"topic": "topic", "partition": "partition", "offset": "offset"},
        **options,
    )
    sr.io.csv.write(t, "rows.csv")
    return sr.run(processes=processes, state=STATE, stop=stop, rejects="rejects.jsonl")


def rows() -> list[tuple[str, int, int, int]]:
    """Topic, partition, offset and number of what was read, in order."""
    found = inserted("rows.csv", "n", "topic", "partition", "offset")
    return sorted((t, int(p), int(o), int(n)) for n, t, p, o in found)


def expected(a: str, b: str) -> list[tuple[str, int, int, int]]:
    of_a = [(a, p, n, 10 * p + n) for p in range(2) for n in range(10)]
    return [*of_a, *((b, 0, n, 100 + n) for n in range(10))]


@pytest.mark.parametrize("processes", [0, 1, 3])
@pytest.mark.parametrize("by", ["names", "pattern"])
def test_all_of_them_are_read(
    broker: KafkaBroker,
    topic: str,
    made: tuple[str, str],
    produce: Produce,
    by: str,
    processes: int,
) -> None:
    """Each message once, with the place that it has in its topic; rejects and the state tell the same."""
    a, b = made
    broker.create_topic(f"old-{a}")
    produce(f"old-{a}", [b"999"])
    produce(b, [b"no number"])
    named = made if by == "names" else ()
    options: dict[str, Any] = {} if by == "names" else {"pattern": f"{topic}-."}
    summary = run(broker, *named, processes=processes, **options)
    assert (summary.rows, summary.rejects) == (30, {"invalid-integer": 1})
    assert rows() == expected(a, b)
    (reject,) = map(json.loads, Path("rejects.jsonl").read_text().splitlines())
    assert (reject["topic"], reject["partition"], reject["offset"]) == (b, 0, 10)
    shown = list(lines("state", describe(read_state(STATE))))
    assert f"partition   {a}-1: offset 10, read from 0" in shown
    assert f"partition   {b}-0: offset 11, read from 0" in shown
    places = {(at.topic, at.partition): at.offset for at in State(STATE)().places}
    assert places == {(a, 0): 10, (a, 1): 10, (b, 0): 11}
    produce(b, [b"110"])
    assert run(broker, *named, processes=processes, **options).rows == 31
    assert rows() == [*expected(a, b), (b, 0, 11, 110)]


def siege_of(broker: KafkaBroker, topic: str, folder: Path, processes: int = 2) -> Siege:
    settings = {**broker.plaintext, "topic.metadata.refresh.interval.ms": "200"}
    environment = job_environment(
        settings=settings, topic=topic, autocommit_ms=20, processes=processes
    )
    return Siege(folder, environment, broker, seed=0)


def numbered(first: int, count: int = ROWS) -> list[bytes]:
    return [message(seq) for seq in range(first, first + count)]


@pytest.mark.parametrize("processes", [0, 2])
def test_topics_that_are_made_later_are_found(
    broker: KafkaBroker, topic: str, produce: Produce, folder: Path, processes: int
) -> None:
    """By a pattern, while the run goes on, as new partitions are; each is read from its beginning, and once."""
    broker.create_topic(f"{topic}-b")
    produce(f"{topic}-b", [HEADER, *numbered(0)])
    siege = siege_of(broker, f"^{topic}-.", folder, processes)
    with siege.job() as process:
        siege.until(lambda: rows_so_far(folder) == ROWS, "rows are missing")
        broker.create_topic(f"{topic}-a", 2)
        produce(f"{topic}-a", [HEADER, *numbered(ROWS)], 1)
        siege.until(lambda: rows_so_far(folder) == 2 * ROWS, "no new topic")
        admin = AdminClient({**broker.plaintext})
        admin.create_partitions([NewPartitions(f"{topic}-b", 2)])[f"{topic}-b"].result(30)
        produce(f"{topic}-a", numbered(2 * ROWS), 0)
        siege.until(lambda: f"'{topic}-b' has new partitions" in siege.said, "no new partition")
        produce(f"{topic}-b", numbered(3 * ROWS), 1)
        siege.finish(4 * ROWS, process)
    assert f"topic '{topic}-a' has new partitions, read from their beginning: 0, 1" in siege.said
    assert f"topic '{topic}-b' has new partitions, read from their beginning: 1" in siege.said
    verify(folder, 4 * ROWS)
    identity = read_state(folder / "state").identity
    assert identity["partitions"] == [
        [f"{topic}-b", 0], [f"{topic}-a", 0], [f"{topic}-a", 1], [f"{topic}-b", 1],
    ]  # fmt: skip
    produce(f"{topic}-a", numbered(4 * ROWS), 0)
    with siege.job() as process:
        siege.finish(5 * ROWS, process)
    verify(folder, 5 * ROWS)


def test_exactly_once_whatever_dies(
    broker: KafkaBroker, topic: str, produce: Produce, folder: Path
) -> None:
    """After deaths at steps, at random and of workers, each message of each topic counts once."""
    topics = [f"{topic}-a", f"{topic}-b"]
    for each in topics:
        broker.create_topic(each, 2)
        produce(each, [HEADER])
    siege = siege_of(broker, ",".join(topics), folder)
    sent = iter(range(10**6))

    def send() -> None:
        for each in topics:
            for partition in range(2):
                produce(each, [message(next(sent)) for _ in range(ROWS)], partition)

    for step in (
        "all files flushed",
        "before the commit",
        "within the transaction",
        "after the transaction, before its commit record",
        "after the commit",
        "before the broker is told",
    ):
        send()
        siege.die_at(step, 2)
    for _ in range(3):
        send()
        with siege.job() as process:
            siege.until_rows(process)
    send()
    siege.kill_parent()
    send()
    count = next(sent)
    with siege.job() as process:
        siege.finish(count, process)
    verify(folder, count)


def test_a_job_goes_on_with_more_topics(
    broker: KafkaBroker, topic: str, made: tuple[str, str], produce: Produce
) -> None:
    """What was read stays, the new topic is read from its beginning; with one less it is another job."""
    a, b = made
    run(broker, a, start={0: 4})
    assert rows() == [row for row in expected(a, b) if row[0] == a and (row[1] or row[2] >= 4)]
    assert isinstance(read_state(STATE).identity, str)
    run(broker, a, b)
    assert rows() == [row for row in expected(a, b) if row[0] == b or row[1] or row[2] >= 4]
    kept = read_state(STATE)
    assert kept.job["topic"] == f"{a}, {b}"
    assert kept.identity["partitions"] == [[a, 0], [a, 1], [b, 0]]
    with pytest.raises(
        sr.StateError, match=re.escape(f"topic: it was '{a}, {b}', now it is '{a}'")
    ):
        run(broker, a)
    produce(a, [b"20"], 1)
    assert run(broker, pattern=f"{topic}-.").rows == 27
    assert read_state(STATE).identity == kept.identity


def test_a_topic_that_is_missing_is_named(
    broker: KafkaBroker, made: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """At once, or when it is waited for."""
    a, _ = made
    missing = f"{a}-missing"
    with pytest.raises(sr.SourceError, match=f"topic '{missing}'.*create the topic"):
        run(broker, a, missing)
    with pytest.raises(sr.SourceError, match=f"no topic .* matches the pattern '{missing}'"):
        run(broker, pattern=missing)
    said = f"topic '{missing}' is not there yet: waiting until it is created"

    def stop(_: sr.Progress) -> bool:
        return said in caplog.text

    stopped = run(broker, a, missing, mode="streaming", stop=stop, wait_for_topic=True)
    assert (stopped.rows, stopped.ended_by) == (0, "stop")


@pytest.mark.parametrize("running", [True, False])
def test_a_topic_that_was_made_again_is_named(
    broker: KafkaBroker, topic: str, produce: Produce, folder: Path, running: bool
) -> None:
    """Nothing of it is read, whether the run goes on meanwhile or begins again."""
    names = [f"{topic}-a", f"{topic}-b"]
    for number, each in enumerate(names):
        broker.create_topic(each)
        produce(each, [HEADER, *numbered(number * ROWS)])

    def again() -> None:
        delete_topic(broker.plaintext, names[1])
        broker.create_topic(names[1])
        produce(names[1], [HEADER, *(b"%d,1,-7" % (2 * ROWS + n) for n in range(2 * ROWS))])

    siege = siege_of(broker, ",".join(names), folder)
    with siege.job() as process:
        siege.until(lambda: rows_so_far(folder) == 2 * ROWS, "rows are missing")
        if running:
            again()
            siege.until(lambda: process.poll() is not None, "the run goes on")
        else:
            siege.finish(2 * ROWS, process)
    if not running:
        again()
        with siege.job() as process:
            siege.until(lambda: process.poll() is not None, "the run goes on")
    assert f"topic '{names[1]}': this is another topic of that name" in siege.said
    verify(folder, 2 * ROWS)


def test_offsets_that_are_lost_are_those_of_their_topic(
    broker: KafkaBroker, made: tuple[str, str], produce: Produce, caplog: pytest.LogCaptureFixture
) -> None:
    """The error, the log and the state name topic and partition."""
    run(broker, *made)
    _a, b = made
    produce(b, [b"%d" % n for n in range(110, 120)])
    admin = AdminClient({**broker.plaintext})
    for done in admin.delete_records([TopicPartition(b, 0, 15)]).values():
        done.result(30)
    with pytest.raises(
        sr.SourceError, match=f"topic '{b}', partition 0: the state goes on at offset 10"
    ):
        run(broker, *made)
    assert run(broker, *made, on_lost_offsets="continue").lost == 5
    assert f"topic '{b}', partition 0: the messages of 5 offsets, from 10 to 14" in caplog.text
    shown = list(lines("state", describe(read_state(STATE))))
    assert f"lost        partition {b}-0: 5 offsets from 10, deleted before they were read" in shown
    assert [n for *_, n in rows()] == [*range(20), *range(100, 110), *range(115, 120)]


def test_each_topic_begins_where_it_is_to(broker: KafkaBroker, made: tuple[str, str]) -> None:
    """Offsets are named by topic and partition; a partition that is none is named."""
    a, b = made
    with pytest.raises(sr.SourceError, match=f"topic '{b}' has no partition 1"):
        run(broker, a, b, start={b: {1: 0}})
    run(broker, a, b, start={a: {1: 8}, b: {0: 9}})
    assert [n for *_, n in rows()] == [*range(10), 18, 19, 109]


def test_topics_have_the_same_header(
    broker: KafkaBroker, topic: str, produce: Produce, folder: Path
) -> None:
    """One in another order would have its rows read wrongly: the run ends, and names the topic."""
    names = [f"{topic}-a", f"{topic}-b"]
    for each, header in zip(names, ("x,y", "y,x"), strict=True):
        broker.create_topic(each)
        produce(each, [header, "1,2"])

    class Point(sr.Schema):
        x: float
        y: float

    t = sr.io.kafka.read(broker.plaintext, names, schema=Point, mode="static")
    sr.io.csv.write(t, "points.csv")
    with pytest.raises(sr.SourceError, match=r"partition 0: the header is another one"):
        sr.run(processes=0)


@pytest.fixture
def job(broker: KafkaBroker, topic: str, produce: Produce) -> tuple[str, str]:
    """A job file of two topics."""
    names = f"{topic}-a", f"{topic}-b"
    for number, each in enumerate(names):
        broker.create_topic(each)
        produce(
            each, ["x,y", *(f"{x},{2 * x + 1}" for x in range(10 * number, 10 * number + 10)), "?"]
        )
    client = "\n".join(f'"{key}" = "{value}"' for key, value in broker.plaintext.items())
    Path("job.toml").write_text(
        f'[source]\ntopic = ["{names[0]}", "{names[1]}"]\nmode = "static"\n[source.kafka]\n{client}\n'
        '[schema]\nx = "float"\ny = "float"\n[regression]\ntarget = "y"\nfeatures = ["x"]\n'
        '[output]\nregression = "out.csv"\ninput = "in.csv"\n[run]\nrejects = "rejects.jsonl"\n'
    )
    return names


def test_the_commands_know_them(
    broker: KafkaBroker, job: tuple[str, str], produce: Produce, folder: Path
) -> None:
    """`run`, `verify`, `inspect` and `doctor` of a job file, also when there is one more; a missing one is named."""
    before = findings(Path("job.toml"))
    assert before["topic"].text == ", ".join(job)
    assert before["partitions"].text.startswith("2 partitions of 2 topics")
    assert streamreg(folder, "run", "job.toml")[0] == 0
    code, said = streamreg(folder, "verify", "job.toml")
    assert (code, "streamreg: equal" in said) == (0, True), said
    code, said = streamreg(folder, "inspect", "job.state")
    assert (code, f"partition   {job[1]}-0: offset 12" in said) == (0, True), said
    after = findings(Path("job.toml"))
    assert {line.check for line in after.values() if line.status == "FAIL"} == set()
    text = Path("job.toml").read_text()
    more = f"{job[0]}-more"
    Path("job.toml").write_text(text.replace(f'"{job[1]}"]', f'"{job[1]}", "{more}"]'))
    broker.create_topic(more, 2)
    produce(more, ["x,y", "100,7", "?"], 1)
    assert "the job was changed: it reads" in findings(Path("job.toml"))["state"].text
    code, said = streamreg(folder, "verify", "job.toml")
    assert (code, "the job was changed since its last run" in said) == (2, True), said
    assert streamreg(folder, "run", "job.toml")[0] == 0
    code, said = streamreg(folder, "verify", "job.toml")
    assert (code, "streamreg: equal" in said) == (0, True), said
    Path("job.toml").write_text(text.replace(f'"{job[1]}"]', f'"{job[1]}", "{job[1]}x"]'))
    assert "there is no topic" in findings(Path("job.toml"))["topic"].text
