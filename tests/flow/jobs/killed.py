"""A run with a state that kills itself after epoch LAST, in the middle of its rows."""

import os
import signal

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream, write_regression


def die(progress: sr.Progress) -> None:
    if progress.epochs == int(os.environ["LAST"]):
        os.kill(os.getpid(), signal.SIGKILL)


write_regression(read(stream(int(os.environ["ROWS"]), 3), schema=Point, batch=12))
sr.run(processes=0, state="state", progress=die)
