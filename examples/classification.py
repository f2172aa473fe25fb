"""Classification while labelled rows arrive, over a window of the last 1,000 rows: exact after every change."""

from __future__ import annotations

import numpy as np

import streamreg as sr

WINDOW = 1000
BATCH = 250

rng = np.random.default_rng(7)
model = sr.QuadraticDiscriminantAnalysis()
kept: list[tuple[np.ndarray, np.ndarray]] = []

for step in range(40):
    # Two kinds of parts; those of the second drift.
    labels = rng.choice(["good", "bad"], size=BATCH, p=[0.9, 0.1])
    sizes = rng.normal(size=(BATCH, 2)) + np.where(labels == "bad", 1 + step / 20, 0.0)[:, None]
    if step >= 4:
        expected = model.predict_proba(sizes)[
            :, 0
        ]  # of "bad", as the model stands before these rows
        print(
            f"step {step}: {model.score(sizes, labels):.1%} right, {np.sum(expected > 0.5)} called bad"
        )
    model.partial_fit(sizes, labels)
    kept.append((sizes, labels))
    if len(kept) > WINDOW // BATCH:
        model.forget(*kept.pop(0))

alone = sr.QuadraticDiscriminantAnalysis().fit(
    np.concatenate([sizes for sizes, _ in kept]), np.concatenate([labels for _, labels in kept])
)
print("as if only the window had ever been seen:", alone.to_bytes() == model.to_bytes())
