"""An exact regression as an estimator: a window that slides over a stream, and its statistics.

python examples/notebook.py
"""

import numpy as np

import streamreg as sr

WINDOW = 500

rng = np.random.default_rng(1)
x = 1.76e9 + np.arange(2_000.0)  # epoch seconds
y = 0.25 * (x - x[0]) + rng.normal(size=len(x))

model = sr.LinearRegression().fit(x[:WINDOW, None], y[:WINDOW])
for end in range(WINDOW + 100, len(x) + 1, 100):
    model.partial_fit(x[end - 100 : end, None], y[end - 100 : end])
    start = end - WINDOW
    model.forget(x[start - 100 : start, None], y[start - 100 : start])

print(model.summary())
alone = sr.LinearRegression().fit(x[-WINDOW:, None], y[-WINDOW:])
print("as if fitted to the last rows alone:", model.to_bytes() == alone.to_bytes())
