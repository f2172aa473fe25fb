"""Settings that are misspelt: the error names the one that may be meant."""

import pytest
from confluent_kafka import Consumer, KafkaException

import streamreg as sr
from streamreg._kafka.client_names import NAMES, with_hint
from streamreg._kafka.setting_names import ALL_NAMES
from streamreg.io.kafka import read


class Point(sr.Schema):
    """Two numbers."""

    x: float
    y: float


def is_known(name: str) -> bool:
    """To the installed client, which may refuse the value."""
    try:
        Consumer({"group.id": "g", name: "\x01"}).close()
    except KafkaException as error:
        return "No such configuration property" not in error.args[0].str()
    return True


@pytest.mark.parametrize("name", ALL_NAMES)
def test_names_are_those_that_the_installed_client_knows(name: str) -> None:
    """Whichever version it has: all that it knows may be proposed, and nothing that it does not know."""
    assert is_known(name) == (name in NAMES)


def test_what_is_proposed_is_known() -> None:
    """Also where what is meant came with a later client than the installed one."""
    hint = with_hint('No such configuration property: "sasl.oauthbearer.sub.claim.nam"')
    assert is_known(hint.partition("; did you mean ")[2].removesuffix("?"))


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
