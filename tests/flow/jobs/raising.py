"""A function that raises at the row that FAIL_AT names."""

import os

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream, write_regression

FAIL_AT = float(os.environ["FAIL_AT"])


def risky(x: float) -> float:
    return 1 / (x - FAIL_AT)


t = read(stream(300, 3), schema=Point, batch=30)
write_regression(t)
sr.io.csv.write(t.select(z=sr.apply(risky, t.x)), "risky.csv")
sr.run()
