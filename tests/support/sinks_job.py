"""A job whose tables go to destinations, as changelogs and as they stand; it may be told a step at which to die."""

import os
import time

import streamreg as sr
from streamreg.testing import read
from tests.support import outbox_faults
from tests.support.destinations import NAMES, writer
from tests.support.numbered import Point, stream, write_regression

if "CHAOS_STEP" in os.environ:
    outbox_faults.install(os.environ["CHAOS_STEP"], int(os.environ["CHAOS_COUNT"]))

t = read(stream(int(os.environ["ROWS"]), 3), schema=Point, batch=12)
write_regression(t)
keyed = t.select(*sr.this, k=sr.cast(int, t.x) % 5)
fit = t.linear_regression(t.y, t.x)
tables = {
    "rows": t,
    "line": fit.select(a=fit.intercept, b=fit.x),
    "by_key": keyed.linear_regression(keyed.y, keyed.x, by=keyed.k),
}
write = writer(os.environ["SINK"])
for name, mode in NAMES:
    write(tables[name], f"{name}_{mode}", mode)
pause = float(os.environ.get("PAUSE", "0"))
# At a pace at which there is time to take its destination away.
sr.run(processes=0, state="state", progress=lambda _: time.sleep(pause))
