"""What the user may not do is said in one line that names what to grant, by a run and by doctor."""

import json
from pathlib import Path

import pytest
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._resource import ResourceType

import streamreg as sr
from streamreg.testing import read
from tests.support.doctor import failure, findings, job_file
from tests.support.kafka.acls import allow, denied, deny
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.consumed import consumed
from tests.support.kafka.produce import Produce

TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP
TRANSACTIONS = ResourceType.TRANSACTIONAL_ID


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Point(sr.Schema):
    x: float
    y: float


@pytest.fixture
def points(broker: KafkaBroker, topic: str, produce: Produce) -> str:
    broker.create_topic(topic)
    produce(topic, ["x,y", "1,2", "3,4", "no row"])
    return topic


def follow(broker: KafkaBroker, *topics: str, pattern: str | None = None) -> sr.Summary:
    sr.clear()
    names = list(topics) or None
    t = sr.io.kafka.read(broker.sasl_ssl, names, schema=Point, mode="static", pattern=pattern)
    sr.io.csv.write(t, "rows.csv")
    return sr.run(processes=1)


@pytest.mark.parametrize("operation", [AclOperation.READ, AclOperation.DESCRIBE])
def test_a_topic_that_may_not_be_read(
    broker: KafkaBroker, points: str, operation: AclOperation
) -> None:
    """The line names the topic and both ACLs, also beside a topic that may be read; doctor says so too."""
    other = f"{points}-other"
    broker.create_topic(other)
    # What is not allowed is denied, once something is.
    rule = deny if operation is AclOperation.DESCRIBE else allow
    rule(broker, TOPIC, points, AclOperation.DESCRIBE)
    for topics in ([points], [other, points]):
        with pytest.raises(sr.SourceError) as caught:
            follow(broker, *topics)
        assert f"topic {points!r}" in str(caught.value)
        assert "the user needs the ACLs READ and DESCRIBE on the topic" in str(caught.value)
        Path("rows.csv").unlink(missing_ok=True)
    line = failure(job_file(broker.sasl_ssl, points))
    assert line.check == ("topic" if operation is AclOperation.DESCRIBE else "read")
    assert "READ" in line.text
    assert points in line.text


def test_a_pattern_finds_what_the_user_may_see(broker: KafkaBroker, points: str) -> None:
    """Where that is nothing, the line says which ACLs a topic needs."""
    deny(broker, TOPIC, points, AclOperation.DESCRIBE)
    with pytest.raises(sr.SourceError, match=r"matches the pattern .* ACLs DESCRIBE and READ"):
        follow(broker, pattern=points)


def send(broker: KafkaBroker, topic: str, **options: object) -> None:
    sr.clear()
    t = read([[b"1,2", b"3,4"]], schema=Point, header=["x", "y"])
    sr.io.kafka.write(t, broker.sasl_ssl, topic, **options)  # type: ignore[arg-type]  # some of them
    sr.run(processes=0, state="state")


def outputs(broker: KafkaBroker, points: str, topic: str) -> str:
    """What doctor says of a job that writes to the topic."""
    text = job_file(broker.sasl_ssl, points).read_text()
    begin = text.index("[output]")
    target = f'[[output]]\nof = "regression"\nsink = "kafka"\ntopic = "{topic}"\n'
    Path("job.toml").write_text(text[:begin] + target)
    found = findings(Path("job.toml"))["outputs"]
    assert found.status == "FAIL"
    return found.text


@pytest.mark.parametrize(
    "operation", [AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE]
)
def test_a_topic_that_may_not_be_written(
    broker: KafkaBroker, points: str, operation: AclOperation
) -> None:
    """Before anything is written; doctor says the same."""
    out = f"{points}-out"
    broker.create_topic(out)
    for each in (AclOperation.READ, AclOperation.WRITE):
        (deny if each is operation else allow)(broker, TOPIC, out, each)
    if operation is AclOperation.DESCRIBE:
        deny(broker, TOPIC, out, operation)
    why = "the user needs the ACLs READ, WRITE and DESCRIBE on the topic"
    with pytest.raises(sr.OutputError, match=why) as caught:
        send(broker, out)
    assert str(caught.value).startswith(f"topic {out} at ")
    assert why in outputs(broker, points, out)
    assert consumed(broker.plaintext, out) == []


def test_a_topic_that_may_not_be_made(broker: KafkaBroker, points: str) -> None:
    """The ACL is that of the topic, or of the cluster."""
    new = f"{points}-new"
    for operation in (AclOperation.READ, AclOperation.WRITE):
        allow(broker, TOPIC, new, operation)
    with (
        denied(broker, ResourceType.BROKER, "kafka-cluster", AclOperation.CREATE),
        pytest.raises(sr.OutputError, match="the ACL CREATE on the topic or the cluster"),
    ):
        send(broker, new, create={"num.partitions": 1})


def test_a_transactional_id_that_may_not_be_used(broker: KafkaBroker, points: str) -> None:
    """The id is named."""
    out = f"{points}-out"
    broker.create_topic(out)
    deny(broker, TRANSACTIONS, f"streamreg-{out}", AclOperation.WRITE)
    with pytest.raises(sr.OutputError) as caught:
        send(broker, out)
    why = f"the ACLs WRITE and DESCRIBE on the transactional id 'streamreg-{out}'"
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_group_that_epochs_may_not_be_committed_to(broker: KafkaBroker, points: str) -> None:
    """It is that of the transactional id; doctor says the same."""
    out = f"{points}-out"
    broker.create_topic(out)
    deny(broker, GROUP, f"streamreg-{out}", AclOperation.READ)
    why = f"the user needs the ACLs READ and DESCRIBE on the group 'streamreg-{out}'"
    assert why in outputs(broker, points, out)
    with pytest.raises(sr.OutputError, match=why):
        send(broker, out)


def test_a_dead_letter_topic_that_may_not_be_written(broker: KafkaBroker, points: str) -> None:
    """As any topic, and nothing is read before."""
    dead = f"{points}-dead"
    broker.create_topic(dead)
    deny(broker, TOPIC, dead, AclOperation.WRITE)
    t = sr.io.kafka.read(broker.sasl_ssl, points, schema=Point, mode="static")
    sr.io.csv.write(t, "rows.csv")
    with pytest.raises(sr.OutputError, match=f"topic {dead} at .*ACLs READ, WRITE and DESCRIBE"):
        sr.run(processes=0, state="state", rejects={"topic": dead})
    assert not Path("rows.csv").exists()
    path = job_file(broker.sasl_ssl, points, more=f"[rejects]\ntopic = {json.dumps(dead)}")
    assert "ACLs READ, WRITE and DESCRIBE" in findings(path)["outputs"].text
