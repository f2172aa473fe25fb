"""A program that logs to a pipe while it runs, through a handler of its own."""

import logging
import os
import sys

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream, write_regression

target = getattr(sys, os.environ["LOG"])
handler = logging.StreamHandler(target)
logger = logging.getLogger("streamreg")
logger.addHandler(handler)
write_regression(read(stream(40, 4), schema=Point, batch=4))


def told(progress: sr.Progress) -> None:
    for word in range(100):
        logger.warning("%d rows, word %d", progress.rows, word)


sr.run(processes=0, progress=told)
assert handler.stream is target
