"""`streamreg doctor` on a real broker: certificates, users and what they may do."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._resource import ResourceType

from tests.support.doctor import failure, findings, job_file
from tests.support.kafka.acls import allow, deny
from tests.support.kafka.broker import PASSWORD, KafkaBroker
from tests.support.kafka.produce import Produce

Change = Callable[[KafkaBroker, Path], dict[str, str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def points(broker: KafkaBroker, topic: str, produce: Produce) -> str:
    """A topic that a job can read."""
    broker.create_topic(topic, 2)
    produce(topic, ["x,y", "1,2"], partition=1)
    return topic


def another_certificate(folder: Path) -> Path:
    """Of an authority that has not signed the broker's."""
    store = ["-alias", "x", "-keystore", str(folder / "x.p12"), "-storepass", "secret"]
    make = ["-genkeypair", "-keyalg", "EC", "-dname", "CN=another"]
    subprocess.run(["keytool", *make, *store], check=True, capture_output=True)
    export = ["-exportcert", "-rfc", "-file", str(folder / "x.pem")]
    subprocess.run(["keytool", *export, *store], check=True, capture_output=True)
    return folder / "x.pem"


@pytest.mark.parametrize("listener", ["plaintext", "sasl_ssl"])
def test_all_is_well(broker: KafkaBroker, points: str, listener: str) -> None:
    """With the right settings nothing fails, and what could be looked at was."""
    found = findings(job_file({**getattr(broker, listener), "group.id": points}, points))
    skipped = {check for check, line in found.items() if line.status == "skip"}
    assert {line.status for line in found.values()} <= {"ok", "skip"}
    assert skipped == {"registry", "listen"} | (
        {"tls", "sasl"} if listener == "plaintext" else set()
    )
    assert found["header"].text == "the columns are x, y"


CHANGES: list[tuple[str, str, Change]] = [
    ("sasl", "sasl.password", lambda broker, folder: {"sasl.password": "wrong-" + PASSWORD}),
    ("sasl", "sasl.mechanism (PLAIN)", lambda broker, folder: {"sasl.mechanism": "PLAIN"}),
    (
        "tls",
        "check ssl.ca.location",
        lambda broker, folder: {"ssl.ca.location": str(another_certificate(folder))},
    ),
    (
        "tls",
        "set security.protocol=sasl_ssl",
        lambda broker, folder: {"security.protocol": "sasl_plaintext"},
    ),
    ("tls", "set security.protocol=ssl", lambda broker, folder: {"security.protocol": "plaintext"}),
    ("tls", "speaks no TLS", lambda broker, folder: broker.plaintext),
]


@pytest.mark.parametrize(("check", "words", "change"), CHANGES)
def test_a_wrong_setting(
    broker: KafkaBroker, points: str, folder: Path, check: str, words: str, change: Change
) -> None:
    """The first thing that cannot be is the only failure, says which setting to change, and no password."""
    line = failure(job_file({**broker.sasl_ssl, **change(broker, folder)}, points))
    assert line.check == check
    assert words in line.text
    assert PASSWORD not in line.text


def test_a_client_without_a_user(
    broker: KafkaBroker, points: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener that wants a user drops whoever has none, and says nothing."""
    monkeypatch.setattr("streamreg._operate.doctor.broker._SECONDS", 1.0)
    settings = {k: v for k, v in broker.sasl_ssl.items() if not k.startswith("sasl.")}
    line = failure(job_file({**settings, "security.protocol": "ssl"}, points))
    assert line.check == "sasl"
    assert "security.protocol=sasl_ssl" in line.text


def test_a_missing_topic(broker: KafkaBroker, points: str) -> None:
    """A topic that is not there is told, with one of a similar name."""
    line = failure(job_file(broker.plaintext, points + "s"))
    assert line.check == "topic"
    assert f"(is {points!r} meant?)" in line.text


@pytest.mark.parametrize(
    ("operation", "check"), [(AclOperation.DESCRIBE, "read"), (AclOperation.WRITE, "topic")]
)
def test_a_topic_that_the_user_may_not_read(
    broker: KafkaBroker, points: str, operation: AclOperation, check: str
) -> None:
    """Who may see a topic without reading it, and who may not even see it, is told which ACL is lacking."""
    if operation is AclOperation.WRITE:  # which implies DESCRIBE
        deny(broker, ResourceType.TOPIC, points, AclOperation.DESCRIBE)
    allow(broker, ResourceType.TOPIC, points, operation)
    line = failure(job_file(broker.sasl_ssl, points))
    assert line.check == check
    assert "READ" in line.text


@pytest.mark.parametrize("operation", [AclOperation.DESCRIBE, AclOperation.DELETE])
def test_a_group_that_the_user_may_not_use(
    broker: KafkaBroker, points: str, operation: AclOperation
) -> None:
    """The commits of offsets would be refused: the ACL is named."""
    allow(broker, ResourceType.GROUP, points, operation)
    line = failure(job_file({**broker.sasl_ssl, "group.id": points}, points))
    assert line.check == "group"
    assert f"READ on the group {points!r}" in line.text


def test_a_group_that_others_are_in(broker: KafkaBroker, points: str) -> None:
    """A group with members takes no commits of a job, which is no member."""
    member = Consumer({**broker.plaintext, "group.id": points})
    member.subscribe([points])
    try:
        for _ in range(100):
            if member.assignment():
                break
            member.poll(0.2)
        assert member.assignment()
        line = failure(job_file({**broker.plaintext, "group.id": points}, points))
    finally:
        member.close()
    assert line.check == "group"
    assert "1 member of another program" in line.text
