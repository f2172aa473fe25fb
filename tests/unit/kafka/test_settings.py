"""What the client's errors say to people."""

import re
from contextlib import closing

import pytest
from confluent_kafka import KafkaError

from streamreg._exceptions import ConfigurationError
from streamreg._jobs.client import check_client
from streamreg._jobs.job import JobError
from streamreg._kafka.client import check, consumer, source_error, too_large
from streamreg._kafka.settings import ReaderChoice, Setting, checked
from streamreg._kafka.source import KafkaSource
from streamreg._kafka.topics import Topics

SETTINGS = {"bootstrap.servers": "broker:9092"}
REFUSED = "Connect to ipv4#10.0.0.1:9092 failed: Connection refused"


@pytest.mark.parametrize(
    ("place", "advertised"),
    [("broker:9092/bootstrap", False), ("broker:9092/1", False), ("inside:9092/1", True)],
)
def test_an_advertised_address_is_named(place: str, advertised: bool) -> None:
    """Where a broker cannot be reached at the address that it gives itself, that is the setting to change."""
    error = KafkaError(KafkaError._TRANSPORT, f"{place}: {REFUSED}")
    said = str(source_error(error, "t", SETTINGS))
    assert "check bootstrap.servers" in said
    assert ("advertised.listeners" in said) is advertised
    assert ("name the address inside:9092:" in said) is advertised


@pytest.mark.parametrize(
    ("at", "place"),
    [((None, None), "'t' at"), ((3, None), "'t', partition 3 at"), ((3, 0), "3, offset 0 at")],
)
def test_the_place_is_named(at: tuple[int | None, int | None], place: str) -> None:
    """Partition and offset stand in the error as far as they are known."""
    error = KafkaError(KafkaError._BAD_MSG, "CRC")
    assert place in str(source_error(error, "t", SETTINGS, at))


@pytest.mark.parametrize("most", [1_100_000, "2000000", 100_000_000, None])
def test_a_client_that_may_receive_little_fetches_little(most: int | str | None) -> None:
    """The limits that are set here never contradict the one that the user sets."""
    given = {} if most is None else {"receive.message.max.bytes": most}
    consumer({"bootstrap.servers": "localhost:1", **given}, 1, lambda error: None).close()


LIMITS = [
    ({"fetch.max.bytes": 500_000}, "`fetch.max.bytes` must be >= `message.max.bytes`"),
    ({"fetch.min.bytes": 0}, '"fetch.min.bytes" value is outside allowed range'),
    ({"fetch.wait.max.ms": 400_000}, '"fetch.wait.max.ms" value 400000 is outside allowed range'),
    ({"receive.message.max.bytes": 2000}, "`receive.message.max.bytes` must be >= "),
]


@pytest.mark.parametrize(("settings", "words"), LIMITS)
def test_a_run_begins_with_what_both_readers_take(settings: dict[str, Setting], words: str) -> None:
    """What the client would refuse is refused at the start, whoever reads. Jobs say the same."""
    readers: tuple[ReaderChoice, ...] = ("auto", "client", "native")
    for reads_by in readers:
        source = KafkaSource({**SETTINGS, **settings}, Topics(("t",)), "static", 0, reads_by)
        assert (source.obstacle_to_native_reading is None) is (reads_by != "client")
        with closing(source), pytest.raises(ConfigurationError, match=re.escape(words)):
            source.pin(None, pytest.fail, lambda: True)
    with pytest.raises(JobError, match=re.escape(words)):
        check_client({k: str(v) for k, v in {**SETTINGS, **settings}.items()}, "job.toml")


def test_what_is_sent_may_be_larger_than_what_is_fetched_at_once() -> None:
    """Nobody has to know the limits that a reader sets itself; and a token is not asked for twice."""
    check({**SETTINGS, "message.max.bytes": 10_000_000})
    check({**SETTINGS, "receive.message.max.bytes": 2_000_000})
    oauth: dict[str, Setting] = {"security.protocol": "sasl_ssl", "sasl.mechanism": "OAUTHBEARER"}
    check({**SETTINGS, **oauth, "oauth_cb": lambda config: pytest.fail(config)})


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("group.id", "", "group.id is empty: leave it out"),
        ("group.id", " \t", "group.id is empty: leave it out"),
        ("socket.timeout.ms", "60s", "socket.timeout.ms: expected a whole number, found '60s'"),
        ("socket.timeout.ms", "0x3e80", "socket.timeout.ms: expected a whole number"),
        ("fetch.wait.max.ms", "0500", "fetch.wait.max.ms: expected a whole number"),
        ("log_level", "debug", "log_level: expected a whole number"),
        ("queue.buffering.max.messages", "100k", "queue.buffering.max.messages: expected"),
        ("transaction.timeout.ms", "60000ms", "transaction.timeout.ms: expected a whole number"),
    ],
)
def test_what_cannot_be_is_named(setting: str, value: str, words: str) -> None:
    """What would end the process, and numbers that a run reckons with."""
    with pytest.raises(ConfigurationError, match=re.escape(f"rdkafka_settings: {words}")):
        checked({**SETTINGS, setting: value})
    with pytest.raises(JobError, match=re.escape(f"source.kafka: {words}")):
        check_client({**SETTINGS, setting: value}, "job.toml")
    usual = {**SETTINGS, "group.id": " g", "socket.timeout.ms": 60_000, "log_level": "0"}
    assert checked(usual) == usual


@pytest.mark.parametrize("place", ["broker:9092/bootstrap", "broker:9092/1"])
def test_a_response_that_is_too_large_is_told_from_damage(place: str) -> None:
    """The client has one code for both; a server that is no broker has no number."""
    what = "Receive failed: Invalid response size 20000149 (0..1100000)"
    error = KafkaError(KafkaError._BAD_MSG, f"{place}: {what}")
    assert too_large(error) is place.endswith("/1")
    assert (
        "raise receive.message.max.bytes" in str(source_error(error, "t", SETTINGS))
    ) is too_large(error)
    assert not too_large(KafkaError(KafkaError._BAD_MSG, "CRC"))
