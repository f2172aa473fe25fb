"""One row, whose function never comes back, and tells when a signal was noted."""

import signal
import time
from pathlib import Path

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream, write_regression


def stuck(x: float) -> float:
    listening = signal.getsignal(signal.SIGTERM)
    Path("stuck").touch()
    while True:
        time.sleep(0.01)
        if signal.getsignal(signal.SIGTERM) != listening:
            Path("noted").touch()


t = read(stream(4, 4), schema=Point)
write_regression(t.select(x=sr.apply(stuck, t.x), y=t.y))
sr.run()
