"""The first messages of partitions, from which a format reads its header."""

from contextlib import closing

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from streamreg._kafka.source import KafkaSource
from streamreg._kafka.topics import Topics
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce


def never() -> bool:
    return False


def delete_before(broker: KafkaBroker, topic: str, partition: int, offset: int) -> None:
    admin = AdminClient({**broker.plaintext})
    for done in admin.delete_records([TopicPartition(topic, partition, offset)]).values():
        done.result(30)


def test_what_was_deleted_since_the_watermarks(
    broker: KafkaBroker, topic: str, produce: Produce
) -> None:
    """Retention may pass between the two requests: the first message is then the first that is still there."""
    broker.create_topic(topic, partitions=3)
    produce(topic, ["x,y", "1,2", "3,4"], partition=0)
    produce(topic, ["x,y", "5,6"], partition=1)
    with closing(KafkaSource(broker.plaintext, Topics((topic,)), "static", 100)) as source:
        watermarks = source.watermarks(print, never)
        delete_before(broker, topic, 0, 2)
        delete_before(broker, topic, 1, 2)
        found = dict(source.first_messages(watermarks, print, never))
        assert found == {0: b"3,4", 1: None, 2: None}
        again = source.watermarks(print, never)
        assert {p: (at.low, at.high) for p, at in again.items()} == {
            0: (2, 3),
            1: (2, 2),
            2: (0, 0),
        }
        assert dict(source.first_messages(again, print, never)) == found
