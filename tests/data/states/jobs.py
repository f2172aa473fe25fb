"""Jobs whose states are kept as test data, one of each kind: what writes the states and what continues them import it.

A job runs in the current folder, over a topic held in memory: at first a beginning of its messages, then all
of them. Nothing here may change once states are written: to a state it would be another job. All builds run these
files, which use public names alone.
"""

from collections.abc import Mapping
from typing import Final

from tests.data.states.columns import comparisons, constants, decimals, functions, reducers
from tests.data.states.job import Job, Opening
from tests.data.states.messages import csv_header, csv_named, json_messages, raw, raw_text
from tests.data.states.models import class_scores, classes, keys, line, scores, variables
from tests.data.states.topics import (
    OTHER_ORDER,
    READINGS,
    SECOND,
    SENSORS,
    points,
    prices,
    sensors,
    spread,
    with_header,
)

JOBS: Final[Mapping[str, Job]] = {
    "line": Job(
        line,
        with_header(b"x,y", spread(points(90), 2)),
        (20, 25),
        openings=[Opening("LinearRegression", "line.csv")],
    ),
    "variables": Job(
        variables,
        READINGS,
        SECOND,
        rejects=True,
        openings=[
            Opening("LinearRegression", f"{name}.csv") for name in ("wide", "weighted", "ridged")
        ],
    ),
    "keys": Job(
        keys,
        SENSORS,
        SECOND,
        openings=[
            Opening("LinearRegression", "by_site.csv", 'so"uth'),
            Opening("LinearRegression", "by_number.csv", -1),
            Opening("LinearRegression", "by_good.csv", True),
            Opening("LinearRegression", "by_all.csv", ("north", False, 0)),
        ],
    ),
    "classes": Job(
        classes,
        SENSORS,
        SECOND,
        needs="linear_discriminant",
        openings=[
            Opening("LinearDiscriminantAnalysis", "linear.csv"),
            Opening("QuadraticDiscriminantAnalysis", "quadratic.csv"),
            Opening("GaussianNB", "bayes.csv"),
        ],
    ),
    "scores": Job(
        scores,
        SENSORS,
        SECOND,
        needs="predict_on",
        openings=[Opening("LinearRegression", "fit.csv")],
    ),
    "class_scores": Job(class_scores, SENSORS, SECOND, needs="predict_on"),
    "decimals": Job(
        decimals,
        with_header(b"amount,kind,x", spread(prices(60), 2)),
        (15, 12),
        openings=[Opening("LinearRegression", "fit.csv")],
    ),
    "functions": Job(functions, READINGS, SECOND, rejects=True),
    "constants": Job(constants, READINGS, SECOND, rejects=True),
    "comparisons": Job(comparisons, READINGS, SECOND, rejects=True, needs="predict_on"),
    "reducers": Job(reducers, READINGS, SECOND),
    "csv_header": Job(
        csv_header,
        OTHER_ORDER,
        (15, 0),
        rejects=True,
        openings=[Opening("LinearRegression", "fit.csv")],
    ),
    "csv_named": Job(csv_named, spread([f"{i * i},-,{i}".encode() for i in range(50)], 2), (11, 0)),
    "json": Job(
        json_messages,
        [[*sensors(30), None, b"{", b'{"x": 1}', *sensors(60)[30:]], [None, b"[]", *sensors(20)]],
        (33, 2),
        rejects=True,
        openings=[Opening("LinearRegression", "fit.csv")],
    ),
    "raw": Job(
        raw, [[b"\x00\xff", b"", None, b'a,"b"\n', *map(bytes, [[i] for i in range(30)])]], (12,)
    ),
    "raw_text": Job(
        raw_text,
        [[b"a", b"\xff", b"", None, *(b"abc\n\"'"[i % 6 : i % 6 + 1] for i in range(30))]],
        (12,),
        rejects=True,
    ),
    "nothing_yet": Job(line, with_header(b"x,y", spread(points(20), 1)), (1,)),
}
"""By kind. `nothing_yet` ends at first before there is a row."""
