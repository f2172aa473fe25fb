"""Streams a topic for ever; SERVERS and TOPIC name it."""

import logging
import os

import streamreg as sr
from tests.support.numbered import Point, write_regression

logging.basicConfig(format="%(message)s")
settings = {"bootstrap.servers": os.environ["SERVERS"]}
write_regression(sr.io.kafka.read(settings, os.environ["TOPIC"], schema=Point))
print(f"ended by {sr.run().ended_by}")
