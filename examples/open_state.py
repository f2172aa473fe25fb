"""The model of a run that goes on, opened from its state: what a notebook beside it would do.

python examples/open_state.py

Needs: pip install 'streamreg[tables]' pandas, for a table with the names of the features
"""

import os
import tempfile
from pathlib import Path

import pandas as pd

import streamreg as sr

os.chdir(tempfile.mkdtemp())  # where changelog and state are written

t = sr.demo.noisy_linear_stream(nb_rows=60, input_rate=200.0)
sr.io.csv.write(t.linear_regression(t.y, t.x), "line.csv")


def look(progress: sr.Progress) -> None:
    """Any process may do this at any time: nothing is locked or written."""
    if not progress.epochs:
        return
    model = sr.LinearRegression.from_state("state")
    if model.n_samples_seen_ % 20 == 0:
        print(
            f"after {model.n_samples_seen_} rows: {model.intercept_:.6f} + {model.coef_[0]:.6f} x"
        )


sr.run(state="state", progress=look)

model = sr.LinearRegression.from_state("state")
print(model.summary())
_, low, high = model.predict(pd.DataFrame({"x": [100.0]}), interval="prediction")
print(f"at x = 100 with 95 %: {low[0]:.4f} to {high[0]:.4f}")
last = Path("line.csv").read_text().splitlines()[-1].split(",")
print(
    "the last result of the changelog:", [model.intercept_, *model.coef_] == [*map(float, last[:2])]
)
