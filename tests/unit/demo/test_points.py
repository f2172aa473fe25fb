"""The producer sends the tutorial's points, all of them, in order, on time."""

import json
import logging
import random
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import chain, repeat

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from streamreg._demo.points import NoisyLine, Plan, generate
from streamreg._exceptions import ConfigurationError
from streamreg._kafka import producer as _producer
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._kafka.producer import DeliveryError, TopicWriter

# As the tutorial prints them.
TUTORIAL = [
    "0,0.06888437030500963",
    "1,1.0515908805880605",
    "2,1.984114316166169",
    "3,2.9517833500585926",
    "4,4.002254944273722",
    "5,4.980986827490083",
    "6,6.056759717806955",
    "7,6.9606625452157855",
    "8,7.995319390830471",
    "9,9.016676407891007",
]


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running


def send(broker: EmbeddedBroker, topic: str, plan: Plan, **settings: int) -> int:
    with closing(TopicWriter({**broker.settings, **settings}, topic)) as writer:
        return generate(writer, NoisyLine(), plan)


def read(broker: EmbeddedBroker, topic: str, partition: int = 0) -> list[str]:
    """All that is in a partition, in order."""
    consumer = Consumer({**broker.settings, "group.id": "test"})
    place = TopicPartition(topic, partition, 0)
    values: list[str] = []
    try:
        _, high = consumer.get_watermark_offsets(place, timeout=30)
        consumer.assign([place])
        deadline = time.monotonic() + 30
        while len(values) < high and time.monotonic() < deadline:
            for message in consumer.consume(10_000, timeout=0.2):
                value = message.value()
                assert value is not None
                values.append(value.decode())
    finally:
        consumer.close()
    assert len(values) == high
    return values


def test_the_defaults_give_the_tutorials_messages(broker: EmbeddedBroker) -> None:
    """The header stands first, then the ten points, bit for bit as the tutorial has them."""
    assert send(broker, "tutorial", Plan(rate=100)) == 10
    assert read(broker, "tutorial") == ["x,y", *TUTORIAL]


def test_differential_the_points_are_those_of_the_tutorials_formula() -> None:
    """A thousand points have the bits of `i + (2*random.random()-1)/10`, written out plainly."""
    random.seed(0)
    expected = [(i, i + (2 * random.random() - 1) / 10) for i in range(1000)]
    points = NoisyLine().points()
    assert [next(points) for _ in range(1000)] == expected


def test_a_topic_with_messages_gets_no_second_header(broker: EmbeddedBroker) -> None:
    """A header in the middle would be a bad row, so only an empty topic gets one."""
    send(broker, "twice", Plan(rate=0, count=2))
    send(broker, "twice", Plan(rate=0, count=1))
    assert read(broker, "twice") == ["x,y", *TUTORIAL[:2], TUTORIAL[0]]


def test_the_header_can_be_left_out(broker: EmbeddedBroker) -> None:
    """Without a header the first message is the first point."""
    send(broker, "bare", Plan(rate=0, count=1, header=False))
    assert read(broker, "bare") == TUTORIAL[:1]


def test_json_messages_read_back_as_the_same_points(broker: EmbeddedBroker) -> None:
    """JSON needs no header, and its numbers are the same doubles."""
    send(broker, "json", Plan(rate=0, form="json"))
    points = NoisyLine().points()
    for text in read(broker, "json"):
        x, y = next(points)
        assert json.loads(text) == {"x": x, "y": y}


def test_every_partition_that_is_written_to_starts_with_the_header(
    broker: EmbeddedBroker,
) -> None:
    """Spread points go round, each partition in order, none lost or doubled."""
    assert send(broker, "spread", Plan(rate=0, count=10_000, partition=None)) == 10_000
    for number in range(broker.PARTITIONS):
        header, *points = read(broker, "spread", number)
        assert header == "x,y"
        assert [int(point.partition(",")[0]) for point in points] == list(
            range(number, 10_000, broker.PARTITIONS)
        )


def test_more_points_than_the_client_holds_all_arrive_in_order(broker: EmbeddedBroker) -> None:
    """A full client makes the producer wait; it loses and reorders nothing."""
    assert send(broker, "many", Plan(rate=0, count=120_000)) == 120_000
    points = read(broker, "many")[1:]
    assert [int(point.partition(",")[0]) for point in points] == list(range(120_000))


def test_the_rate_does_not_drift(broker: EmbeddedBroker) -> None:
    """Forty points at 100 a second take the time of 39 intervals, not less."""
    with closing(TopicWriter(broker.settings, "paced")) as writer:
        writer.send(0, [b"x,y"])
        writer.finish(30)
        start = time.monotonic()
        generate(writer, NoisyLine(), Plan(rate=100, count=40))
        took = time.monotonic() - start
    assert 0.39 <= took < 5  # the upper bound is for a machine that does much else


def test_stopping_ends_an_endless_stream_cleanly(broker: EmbeddedBroker) -> None:
    """Once stopped, the producer returns, and what it counted is on the topic."""
    answers = chain(repeat(False, 5), repeat(True))
    with closing(TopicWriter(broker.settings, "endless")) as writer:
        sent = generate(writer, NoisyLine(), Plan(rate=0, count=0), lambda: next(answers))
    assert sent > 0
    assert len(read(broker, "endless")) == sent + 1


def test_a_broker_that_goes_away_is_an_error() -> None:
    """Messages that nobody confirms in time end the sending, with the reason and the count."""
    with EmbeddedBroker() as broker:
        quick = {"message.timeout.ms": 2000, "enable.idempotence": False}
        writer = TopicWriter({**broker.settings, **quick}, "lost")
        writer.send(0, [b"fine"])
        writer.finish(30)
    with closing(writer):
        writer.send(0, [b"nobody is there"])
        with pytest.raises(
            DeliveryError, match=r"lost\[0\]: .*timed out.*; delivered: at least \d message"
        ):
            writer.finish(30)


def test_a_message_that_the_client_refuses_is_an_error(broker: EmbeddedBroker) -> None:
    """A message that can never be sent is not offered again and again."""
    settings = {**broker.settings, "message.max.bytes": 1000}
    with closing(TopicWriter(settings, "large")) as writer:
        writer.send(0, [b"fine"])
        writer.finish(30)
        with pytest.raises(
            DeliveryError, match=r"large\[0\]: .*too large.*; delivered: at least 1 message"
        ):
            writer.send(0, [b"a" * 2000])


def test_a_full_client_is_waited_for(broker: EmbeddedBroker) -> None:
    """A client with a small queue of its own still takes every message, each once."""
    small = {"queue.buffering.max.messages": 100}
    assert send(broker, "small", Plan(rate=0, count=2000), **small) == 2000
    points = read(broker, "small")[1:]
    assert sorted(int(point.partition(",")[0]) for point in points) == list(range(2000))


def test_no_broker_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nothing results is named, with its setting, and the wait is short."""
    monkeypatch.setattr(_producer, "_REACH_SECONDS", 1.0)
    with pytest.raises(
        DeliveryError, match=r"no broker responds at bootstrap\.servers=127\.0\.0\.1:1: "
    ):
        TopicWriter({"bootstrap.servers": "127.0.0.1:1"}, "points")


@pytest.mark.parametrize("own", [{}, {"message.timeout.ms": 40_000}])
def test_a_far_broker_has_more_time(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch, own: dict[str, int]
) -> None:
    """Where the first answer took long, so may each message, unless the user says otherwise; nothing is sent twice."""
    made: list[dict[str, object]] = []

    def recorded(client: dict[str, object], logger: logging.Logger) -> Producer:
        made.append(client)
        return Producer(client, logger=logger)

    monkeypatch.setattr(_producer, "Producer", recorded)
    monkeypatch.setattr(_producer, "_TIMES", 1e6)  # as if it had taken many seconds
    topic = f"far-{len(own)}"
    assert send(broker, topic, Plan(rate=0, count=5), **own) == 5
    assert made[-1]["message.timeout.ms"] == own.get("message.timeout.ms", 300_000)
    assert len(read(broker, topic)) == 6


def test_a_setting_that_the_client_refuses_is_named_without_secrets() -> None:
    """A misspelt setting is a configuration error, and takes no password with it."""
    with pytest.raises(ConfigurationError, match=r"no\.such\.setting") as caught:
        TopicWriter({"no.such.setting": "hunter2", "sasl.password": "hunter2"}, "points")
    assert "hunter2" not in str(caught.value)


def test_a_partition_that_is_not_there_is_an_error(broker: EmbeddedBroker) -> None:
    """The error says how many partitions the topic has."""
    with pytest.raises(ConfigurationError, match="the topic has 4, from 0"):
        send(broker, "tutorial", Plan(partition=4))


@pytest.mark.parametrize(
    "wrong",
    [
        {"slope": float("nan")},
        {"intercept": float("inf")},
        {"noise": -0.1},
    ],
)
def test_a_line_has_finite_numbers(wrong: dict[str, float]) -> None:
    """What would send NaN or infinity is refused before anything is sent."""
    with pytest.raises(ConfigurationError):
        NoisyLine(**wrong)  # type: ignore[arg-type]  # seed is an int, and not among them


@pytest.mark.parametrize(
    "wrong", [{"rate": -1.0}, {"rate": float("nan")}, {"count": -1}, {"partition": -1}]
)
def test_a_plan_has_sensible_numbers(wrong: dict[str, float]) -> None:
    """What cannot be sent is refused before anything is sent."""
    with pytest.raises(ConfigurationError):
        Plan(**wrong)  # type: ignore[arg-type]


def test_a_line_that_leaves_the_doubles_is_an_error() -> None:
    """No message ever holds an infinity."""
    points = NoisyLine(slope=1e308).points()
    assert [next(points)[0], next(points)[0]] == [0, 1]
    with pytest.raises(ConfigurationError, match="at x = 2"):
        next(points)


def test_without_noise_the_points_are_on_the_line() -> None:
    """Noise 0 is allowed, and exact."""
    points = NoisyLine(slope=-2, intercept=3, noise=0).points()
    assert [next(points) for _ in range(3)] == [(0, 3.0), (1, 1.0), (2, -1.0)]
