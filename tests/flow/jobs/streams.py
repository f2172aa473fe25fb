"""Forty rows, read by PROCESSES workers; what it prints first waits in its buffer. ENDLESS: it waits for a signal."""

import logging
import os

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream, write_regression

print("begun")
write_regression(read(stream(40, 4), schema=Point, batch=4))
logging.getLogger("streamreg").warning("a word of the log")
sr.run(processes=int(os.environ["PROCESSES"]))
