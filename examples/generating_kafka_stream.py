"""Ten noisy points of the line y = x, one a second, into a Kafka topic: the tutorial's producer.

Where the broker is comes from the environment, as for realtime_regression.py; STREAM_PAUSE is the
pause between two points in seconds.
"""

import os
import random
import time

from confluent_kafka import Producer

topic = os.environ.get("KAFKA_TOPIC", "linear-regression")
pause = float(os.environ.get("STREAM_PAUSE", "1"))

random.seed(0)


def get_value(i):
    return i + (2 * random.random() - 1) / 10


settings = {"bootstrap.servers": os.environ.get("KAFKA_SERVERS", "localhost:9092")}
if "KAFKA_USERNAME" in os.environ:
    settings |= {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": os.environ["KAFKA_USERNAME"],
        "sasl.password": os.environ["KAFKA_PASSWORD"],
    }
if "KAFKA_CA" in os.environ:
    settings["ssl.ca.location"] = os.environ["KAFKA_CA"]

producer = Producer(settings)


def send(message):
    """Delivers one message before it returns, or ends the program with the reason."""

    def delivered(error, _message):
        if error is not None:
            raise SystemExit(f"not delivered: {error}")

    producer.produce(topic, message.encode(), partition=0, on_delivery=delivered)
    producer.flush()


send("x,y")
time.sleep(5 * pause)
for i in range(10):
    time.sleep(pause)
    send(f"{i},{get_value(i)}")
