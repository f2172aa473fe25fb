"""Settings that are misspelt: the error names the one that may be meant."""

import pytest
from confluent_kafka import Consumer, KafkaException

import streamreg as sr
from streamreg._kafka.setting_names import NAMES
from streamreg.io.kafka import read


class Point(sr.Schema):
    """Two numbers."""

    x: float
    y: float


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_known_to_librdkafka(name: str) -> None:
    """It may refuse the value, but no name that we propose."""
    refusal = ""
    try:
        Consumer({"group.id": "g", name: "\x01"}).close()
    except KafkaException as error:
        refusal = error.args[0].str()
    assert "No such configuration property" not in refusal


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("fetch.min.byte", "fetch.min.bytes"),
        ("sasl.user.name", "sasl.username"),
        ("security.protocl", "security.protocol"),
        ("auto.ofset.reset", "auto.offset.reset"),
        ("ssl.ca.locaton", "ssl.ca.location"),
    ],
)
def test_a_misspelt_setting(wrong: str, meant: str) -> None:
    """In a program, when the run begins."""
    settings = {"bootstrap.servers": "127.0.0.1:1", wrong: "1"}
    t = read(settings, "t", schema=Point, header=["x", "y"])
    output = sr.io.csv.write(t, "never.csv")
    with pytest.raises(sr.ConfigurationError, match=rf"did you mean {meant}\?"):
        sr.run(outputs=[output], processes=0)
    sr.clear()


def test_misspelt_servers() -> None:
    """What stands in their place is named, when the table is made."""
    with pytest.raises(sr.ConfigurationError, match=r"found bootstrap\.server, which is no"):
        read({"bootstrap.server": "h:1"}, "t", schema=Point)
