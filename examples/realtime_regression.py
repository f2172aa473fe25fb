"""A linear regression on a Kafka stream, kept up to date: the tutorial's program.

Where the broker is comes from the environment: KAFKA_SERVERS, and with KAFKA_USERNAME and
KAFKA_PASSWORD over SASL_SSL (KAFKA_CA: the file of a private certificate authority).
Leaves regression_input.csv and regression_output_stream.csv in the current folder; Ctrl-C ends it.
Producer: generating_kafka_stream.py.
"""

import os

import streamreg as pw

rdkafka_settings = {
    "bootstrap.servers": os.environ.get("KAFKA_SERVERS", "localhost:9092"),
    "group.id": os.environ.get("KAFKA_GROUP", "realtime-regression"),
    "session.timeout.ms": "6000",
}
if "KAFKA_USERNAME" in os.environ:
    rdkafka_settings |= {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": os.environ["KAFKA_USERNAME"],
        "sasl.password": os.environ["KAFKA_PASSWORD"],
    }
if "KAFKA_CA" in os.environ:
    rdkafka_settings["ssl.ca.location"] = os.environ["KAFKA_CA"]


class InputSchema(pw.Schema):
    x: float
    y: float


t = pw.io.kafka.read(
    rdkafka_settings,
    topic=os.environ.get("KAFKA_TOPIC", "linear-regression"),
    schema=InputSchema,
    format="csv",
    autocommit_duration_ms=int(os.environ.get("AUTOCOMMIT_MS", "1000")),
)

pw.io.csv.write(t, "regression_input.csv")

t += t.select(
    x_square=t.x * t.x,
    x_y=t.x * t.y,
)

statistics_table = t.reduce(
    count=pw.reducers.count(),
    sum_x=pw.reducers.sum(t.x),
    sum_y=pw.reducers.sum(t.y),
    sum_x_y=pw.reducers.sum(t.x_y),
    sum_x_square=pw.reducers.sum(t.x_square),
)


def compute_a(sum_x, sum_y, sum_x_square, sum_x_y, count):
    d = count * sum_x_square - sum_x * sum_x
    if d == 0:
        return 0
    else:
        return (sum_y * sum_x_square - sum_x * sum_x_y) / d


def compute_b(sum_x, sum_y, sum_x_square, sum_x_y, count):
    d = count * sum_x_square - sum_x * sum_x
    if d == 0:
        return 0
    else:
        return (count * sum_x_y - sum_x * sum_y) / d


results_table = statistics_table.select(
    a=pw.apply(compute_a, **statistics_table),
    b=pw.apply(compute_b, **statistics_table),
)

pw.io.csv.write(results_table, "regression_output_stream.csv")

pw.run()
