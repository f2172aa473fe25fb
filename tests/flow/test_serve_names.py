"""Columns that are called as parameters, and keys that are missing, can be asked for: rows, figures, predictions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest

import streamreg as sr
from tests.support.plans import table_of_source
from tests.support.served import LiveSource, ServedRun

FEATURES = ("level", "table", "target", "interval", "column.x", "missing.x")
SLOPES = {None: 2, "": -7, "a": 3, "None": 5}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRun]:
    """A regression of features with odd names; one by a text that may be missing; one by keys with odd names."""
    folder = tmp_path_factory.mktemp("names")
    source = LiveSource()
    kinds = {"k": "str | None", "n": "int | None", "limit": "str", "column.limit": "str"}
    columns = {**kinds, "x": "float", "y": "float", **dict.fromkeys(FEATURES, "float")}
    t = table_of_source(source, columns, format="json")
    features = [t[name] for name in FEATURES]
    fits = {
        "odd": t.linear_regression(t.y, *features, singular="null"),
        "by": t.linear_regression(t.y, t.x, by=t.k),
        "number": t.linear_regression(t.y, t.x, by=t.n),
        "named": t.linear_regression(t.y, t.x, by=[t.limit, t["column.limit"]]),
    }
    outputs = [sr.io.csv.write(t, folder / "rows.csv")]
    outputs += [sr.io.csv.write(fit, folder / f"{name}.csv") for name, fit in fits.items()]
    with ServedRun(outputs, processes=0, state=folder / "state") as served:
        served.until("/v1/tables/by")
        for number, (key, slope) in enumerate(SLOPES.items()):
            for x in range(8):
                place = 8 * number + x
                row = {
                    **{"k": key, "n": None if key is None else slope, "x": x, "y": slope * x},
                    **{"limit": str(slope % 2), "column.limit": str(slope)},
                    **{name: (place >> at) % 2 + place**at % 7 for at, name in enumerate(FEATURES)},
                }
                source.add(json.dumps(row).encode())
        served.rows("by", 4)
        served.rows("named", 4)
        # Predictions by keys are those of the last checkpoint.
        served.until("/v1/predict?table=by&k=None&x=1")
        yield served


def asked_key(key: str | None) -> str:
    return "missing.k=" if key is None else f"k={key}"


@pytest.mark.parametrize("key", SLOPES, ids=repr)
def test_a_missing_text_is_no_other(run: ServedRun, key: str | None) -> None:
    """Its row, its figures and its prediction, and those of each text."""
    slope, asked = SLOPES[key], asked_key(key)
    (found,) = run.json(f"/v1/tables/by?{asked}")["rows"]
    assert (found["k"], round(found["x"])) == (key, slope)
    history = run.json(f"/v1/figures/history?table=by&{asked}")
    at = history["columns"].index("x")
    assert {round(float(row[at])) for row in history["rows"]} == {slope}
    fit = run.json(f"/v1/figures/fit?table=by&{asked}")
    assert len(fit["rows"]) == 8, fit["note"]
    predicted = run.json(f"/v1/predict?table=by&x=10&{asked}")
    assert predicted["prediction"] == pytest.approx(10 * slope)


@pytest.mark.parametrize("asked", ["missing.n=", "n=", "column.n=", "n=5", "column.n=5"])
def test_a_missing_number(run: ServedRun, asked: str) -> None:
    """An empty value is one too."""
    slope = 5 if "5" in asked else 2
    (found,) = run.json(f"/v1/tables/number?{asked}")["rows"]
    assert found["n"] == (5 if slope == 5 else None)
    assert len(run.json(f"/v1/figures/fit?table=number&{asked}")["rows"]) == 8
    assert run.json(f"/v1/predict?table=number&x=1&{asked}")["prediction"] == pytest.approx(slope)


def test_keys_that_are_called_as_parameters(run: ServedRun) -> None:
    """With `column.` before their whole names."""
    found = run.json("/v1/tables/named?column.column.limit=-7&column.limit=1&limit=3")["rows"]
    assert [(row["limit"], row["column.limit"]) for row in found] == [("1", "-7")]
    found = run.json("/v1/tables/named?column.limit=1&limit=2")["rows"]
    assert [row["column.limit"] for row in found] == ["-7", "3"]


def test_features_that_are_called_as_parameters(run: ServedRun) -> None:
    """All at once, beside the parameters themselves."""
    given = {f"column.{name}": "1" for name in FEATURES}
    own = {"table": "odd", "level": "0.9", "interval": "confidence", "target": "y"}
    found = run.json(f"/v1/predict?{urlencode({**given, **own})}")
    (row,) = run.json("/v1/tables/odd")["rows"]
    expected = row["intercept"] + sum(row[name] for name in FEATURES)
    assert found["prediction"] == pytest.approx(expected)
    assert (found["level"], found["interval"]) == (0.9, "confidence")
    del given["column.level"]
    answer = run.get(f"/v1/predict?{urlencode({**given, **own})}")
    assert (answer.status, answer.json()["error"]) == (400, "level: missing: say column.level")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/v1/tables/by?k=a&k=b", "k: given twice"),
        ("/v1/tables/by?k=a&column.k=a", "k: given twice"),
        ("/v1/tables/by?k=&missing.k=", "k: given twice"),
        ("/v1/tables/by?missing.k=a", "missing.k: expected no value, found 'a'"),
        ("/v1/tables/by?missing.z=", "there is no parameter 'z'"),
        ("/v1/tables/by?limit=1&limit=2", "limit: given twice"),
        ("/v1/tables/by?cursor=a&cursor=a", "cursor: given twice"),
        ("/v1/tables/by?search=a&search=a", "search: given twice"),
        ("/v1/tables/by/changes?from=1&from=2", "from: given twice"),
        ("/v1/tables/by/changes?form=1", "there is no parameter 'form'; there are: from"),
        ("/v1/predict?table=by&k=a&x=1&column.x=2", "x: given twice"),
        ("/v1/predict?table=by&k=a&missing.x=", "x: nothing is predicted"),
        ("/v1/predict?table=by&table=by&k=a&x=1", "table: given twice"),
        ("/v1/figures/history?table=by&k=a&k=b", "k: given twice"),
        ("/v1/figures/history?table=by&theme=dark&theme=dark", "theme: given twice"),
        ("/v1/figures/pace?theme=dark&theme=light", "theme: given twice"),
        ("/v1/figures/pace?table=by", "there is no parameter 'table'; there are: theme"),
    ],
)
def test_what_could_mean_two_things_is_refused(run: ServedRun, path: str, words: str) -> None:
    """Nothing is passed over in silence."""
    answer = run.get(path)
    assert answer.status == 400, answer
    assert words in answer.json()["error"]


def test_a_text_that_looks_like_a_prefix_is_a_text(run: ServedRun) -> None:
    """Values are never read as names."""
    assert run.json(f"/v1/tables/by?k={quote('missing.k=')}")["rows"] == []
    assert run.json("/v1/tables/by?k=column.k")["rows"] == []
