"""Counts the messages of a topic without looking into them."""

import json
import os

import streamreg as sr


class InputSchema(sr.Schema):
    data: bytes


t = sr.io.kafka.read(
    json.loads(os.environ["JOB_SETTINGS"]),
    topic=os.environ["JOB_TOPIC"],
    schema=InputSchema,
    format="raw",
    mode="static",
)
sr.io.csv.write(t.reduce(n=sr.reducers.count()), "count.csv")
sr.run(rejects="rejects.jsonl")
