"""ROWS things of several kinds, some thousand a second, classified in three ways, with a state."""

import os
import time

import streamreg as sr
from tests.support.kinds import things, topic, write_tables


def slowed(x: float) -> float:
    time.sleep(0.0005)
    return x


t = topic(things(int(os.environ["ROWS"]), 1), 4, 16)
write_tables(t.select(t.kind, t.z, x=sr.apply(slowed, t.x)))
sr.run(state="state")
