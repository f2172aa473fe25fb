"""Several variables, one of them computed, with inference for each coefficient.

python examples/several_variables.py
"""

import json
import os
import tempfile

import numpy as np

import streamreg as sr
from streamreg import testing

os.chdir(tempfile.mkdtemp())  # where the changelog is written


class Flat(sr.Schema):
    """What a message holds; with Kafka the table would come from `sr.io.kafka.read`."""

    rent: float
    area: float
    floor: int
    distance: float


rng = np.random.default_rng(4)
area, floor = rng.uniform(25, 120, 80).round(1), rng.integers(0, 7, 80)
distance = rng.uniform(0.2, 20, 80).round(1)
rent = (220 + 11.5 * area + 9 * floor - 85 * np.log(distance) + rng.normal(0, 60, 80)).round(2)
columns = zip(rent.tolist(), area.tolist(), floor.tolist(), distance.tolist(), strict=True)
names = ("rent", "area", "floor", "distance")
messages = [json.dumps(dict(zip(names, row, strict=True))).encode() for row in columns]

t = testing.read([messages[::2], messages[1::2]], schema=Flat, format="json")
t += t.select(log_distance=sr.log(t.distance))
asked = ("n", "r2", "std_error", "p_value")
fit = t.linear_regression(t.rent, t.area, t.floor, t.log_distance, statistics=asked)
sr.io.csv.write(fit, "rents.csv")

results: dict[str, object] = {}
sr.run(progress=lambda now: results.update(now.results["rents.csv"]))

print(f"{results['n']} flats, R² {results['r2']:.4f}")
print(f"{'':14}{'coefficient':>14}{'std error':>12}{'p':>12}")
coefficients = ("intercept", "area", "floor", "log_distance")
for name in coefficients:
    error, p = results[f"std_error_{name}"], results[f"p_value_{name}"]
    print(f"{name:14}{results[name]:>14.6g}{error:>12.4g}{p:>12.3g}")

at_once = sr.LinearRegression().fit(np.column_stack([area, floor, np.log(distance)]), rent)
same = [results[name] for name in coefficients] == [at_once.intercept_, *at_once.coef_]
print("bit for bit the fit of all rows at once:", same)
