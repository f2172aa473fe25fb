"""What the client's errors say to people."""

import pytest
from confluent_kafka import KafkaError

from streamreg._kafka.client import consumer, source_error

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
