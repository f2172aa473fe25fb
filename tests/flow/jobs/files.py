"""A run over files that ends when it has read ROWS rows, or with the files where MODE is "static".

PIECE is how many bytes it reads at a time, where all work is done in this process. STEP names the step of an epoch at
which it kills itself when it comes there for the COUNT-th time.
"""

import os

import streamreg as sr
from streamreg._files import file_log
from streamreg._files.file_log import FileLog
from streamreg._state.store import Store
from tests.support.followed_files import table
from tests.support.kafka.faults import (
    Countdown,
    after,
    before,
    before_the_commit_record,
    within_transaction,
)
from tests.support.numbered import write_regression

STEPS = {
    "before the first checkpoint": before(Store, "save"),
    "a piece was read": after(FileLog, "next"),
    "within the transaction": within_transaction,
    "before the commit record": before_the_commit_record,
    "after the commit": after(Store, "save"),
}

vars(file_log)["PIECE"] = int(os.environ.get("PIECE", file_log.PIECE))
if "STEP" in os.environ:
    STEPS[os.environ["STEP"]](Countdown(int(os.environ["COUNT"])))
rows = int(os.environ["ROWS"])
write_regression(table(os.environ.get("MODE", "static")))
summary = sr.run(state="state", stop=lambda progress: progress.rows >= rows)
print(f"ended by {summary.ended_by}")
