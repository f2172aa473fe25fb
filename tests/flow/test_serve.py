"""A run that is served: tables, changes and predictions over HTTP, to the very bits of its outputs."""

from __future__ import annotations

import csv
import itertools
import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import quote

import pandas as pd
import pytest

import streamreg as sr
from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.process import wait_until
from tests.support.sensors import NAMES
from tests.support.served import SECONDS, Answer, Event, ServedRun, events
from tests.support.served_tables import ROWS, Whole


@pytest.fixture(scope="module")
def whole(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    made = Whole(broker, tmp_path_factory.mktemp("served"))
    with made.run as run:
        made.read()
        run.rows("by", len(NAMES))
        last = int(made.paths["line"].read_text().splitlines()[-1].split(",")[-2])
        wait_until(lambda: run.json("/v1/tables")["epoch"] == last, SECONDS)
        yield made


def text(value: object) -> str:
    return "" if value is None else str(value)


@pytest.mark.parametrize("name", ["line", "by", "sums", "curve", "exact", "odd"])
def test_rows_are_those_of_the_file(whole: Whole, name: str) -> None:
    """Every table, with every digit that its file has, keys of odd text and integers beyond 2^53 too."""
    answer = whole.run.get(f"/v1/tables/{name}?limit=10000")
    found = answer.json(parse_float=str, parse_int=str)
    rows = Counter(tuple(map(text, row.values())) for row in found["rows"])
    assert rows == whole.standing(name)
    assert found["next"] is None
    assert answer.headers["content-type"] == "application/json"


def test_tables_say_what_they_are(whole: Whole) -> None:
    """Names, outputs, columns with types, keys; and whether predictions are served."""
    found = {table["name"]: table for table in whole.run.json("/v1/tables")["tables"]}
    assert set(found) == {"line", "by", "sums", "curve", "exact", "odd"}
    assert found["by"]["keys"] == ["name"]
    assert found["line"]["keys"] == []
    assert found["odd"]["keys"] is None
    assert {name for name in found if found[name]["predicts"]} == {"line", "by", "curve", "exact"}
    assert found["sums"]["columns"] == [
        {"name": "name", "type": "str"},
        {"name": "n", "type": "int"},
        {"name": "d", "type": "decimal"},
    ]
    assert found["line"]["output"] == str(whole.paths["line"])


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_found_by_its_key(whole: Whole, name: str) -> None:
    """Whatever letters the key has; an empty one is a text."""
    found = whole.run.get(f"/v1/tables/sums?name={quote(name)}").json()
    assert [row["name"] for row in found["rows"]] == [name]


@pytest.mark.parametrize("table", ["by", "odd"])
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pages_are_all_rows_once(whole: Whole, table: str, limit: int) -> None:
    """In the order of the keys, whatever the length of a page."""
    rows, cursor = [], ""
    while True:
        page = whole.run.json(f"/v1/tables/{table}?limit={limit}{cursor}")
        assert len(page["rows"]) <= limit
        rows += page["rows"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert rows == whole.run.json(f"/v1/tables/{table}?limit=10000")["rows"]
    if table == "by":
        assert [row["name"] for row in rows] == sorted(NAMES)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/v1/tables/none", 404, "there is no table 'none'; there are: line,"),
        ("/v1/tables/line?limit=0", 400, "limit: expected 1 to 10000"),
        ("/v1/tables/line?limit=1e3", 400, "limit"),
        ("/v1/tables/line?sort=down", 400, "sort: expected asc or desc"),
        ("/v1/tables/by?nam=a", 400, "there is no parameter 'nam'; there are: name, limit, cursor, search"),
        ("/v1/tables/by?cursor=abc", 400, "cursor"),
        ("/v1/tables/by?cursor=WyJhIiwiYiJd", 400, "cursor"),
        ("/v1/tables/by?cursor=" + "W1" * 5000, 400, "cursor"),
        ("/v1/tables/line/changes?from=-1", 400, "from"),
        ("/v1/tables/line/changes?from=1000000", 410, "is not here: the oldest is 0"),
        ("/v1/predict", 400, "table: missing"),
        ("/v1/predict?table=line", 400, "x: missing"),
        ("/v1/predict?table=line&x=1&z=2", 400, "there is no column 'z'; there are: x"),
        ("/v1/predict?table=line&x=one", 400, "x: expected a number"),
        ("/v1/predict?table=line&x=nan", 400, "x: expected a number"),
        ("/v1/predict?table=line&x=1e999", 400, "x: too large for a double"),
        ("/v1/predict?table=line&x=1&x=2", 400, "x: given twice"),
        ("/v1/predict?table=line&x=1&level=1", 400, "level"),
        ("/v1/predict?table=line&x=1&interval=both", 400, "interval"),
        ("/v1/predict?table=line&x=1&target=z", 409, "no regression of the target 'z'"),
        ("/v1/predict?table=sums&x=1", 409, "the table shows no regression"),
        ("/v1/predict?table=exact&d=1&n=1.5", 400, "n: expected an integer"),
        ("/v1/predict?table=by&x=1", 400, "name: missing"),
        ("/v1/predict?table=by&x=1&name=nobody", 404, "no row of this key"),
        ("/nothing", 404, "Not Found"),
        ("/v1/tables/%00", 404, "no table"),
        ("/v1/figures/fit", 400, "table: missing"),
        ("/v1/figures/fit?table=none", 404, "there is no table 'none'"),
        ("/v1/figures/fit?table=by&nam=a", 400, "there is no parameter 'nam'; there are: name, table, theme"),
        ("/v1/figures/history?table=line&theme=red", 400, "theme: expected light or dark"),
        ("/v1/figures/none", 404, "Not Found"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_says_why(whole: Whole, path: str, status: int, words: str) -> None:
    """As JSON, with the status that fits."""
    answer = whole.run.get(path)
    assert (answer.status, answer.json()["status"]) == (status, status), answer
    assert words in answer.json()["error"]


def estimator(whole: Whole, output: str, key: str | None = None) -> sr.LinearRegression:
    return sr.LinearRegression.from_state(
        whole.folder / "state", output=whole.paths[output], key=key
    )


@pytest.mark.parametrize("interval", ["prediction", "confidence"])
@pytest.mark.parametrize("x", ["0", "-17.25", "1e300", "0.1"])
@pytest.mark.parametrize("name", ["line", "curve"])
def test_differential_predictions_are_those_of_the_estimator(
    whole: Whole, name: str, x: str, interval: str
) -> None:
    """Prediction and interval of the served run are those of the estimator opened from its state, bit for bit."""
    found = whole.run.json(f"/v1/predict?table={name}&x={x}&interval={interval}&level=0.9")
    expected = estimator(whole, name).predict(
        pd.DataFrame({"x": [float(x)]}), interval=interval, level=0.9
    )  # type: ignore[call-overload]  # one of two texts
    finite = [value if math.isfinite(value) else None for (value,) in expected]
    assert [found["prediction"], found["low"], found["high"]] == finite
    assert (found["rows"], found["target"]) == (ROWS, "y")


@pytest.mark.parametrize("name", NAMES)
def test_differential_predictions_of_a_key(whole: Whole, name: str) -> None:
    """The same by keys, which are read from the last checkpoint."""
    found = whole.run.json(f"/v1/predict?table=by&name={quote(name)}&x=2.5")
    expected = estimator(whole, "by", name).predict(
        pd.DataFrame({"x": [2.5]}), interval="prediction"
    )
    assert [found["prediction"], found["low"], found["high"]] == [part[0] for part in expected]


def test_differential_predictions_of_decimals_and_integers(whole: Whole) -> None:
    """Decimals are taken as they are written, and integers beyond 2^53 whole."""
    d, n = "12345678901234567890.123456", 2**53 + 1
    found = whole.run.json(f"/v1/predict?table=exact&d={d}&n={n}")
    rows = pd.DataFrame({"d": [Decimal(d)], "n": [n]})
    expected = estimator(whole, "exact").predict(rows, interval="prediction")
    assert [found["prediction"], found["low"], found["high"]] == [part[0] for part in expected]


def follow(run: ServedRun, path: str, until: int, **headers: str) -> list[Event]:
    """The events of a table up to the end of an epoch."""
    connection = run.connection()
    try:
        connection.request(
            "GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()}
        )
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.getheader("content-type", "").startswith("text/event-stream")
        found = []
        for event in events(iter(answer.readline, b"")):
            found.append(event)
            if event.name == "epoch" and event.data["epoch"] == str(until):
                return found
        raise AssertionError(f"the stream has ended: {found[-3:]}")
    finally:
        connection.close()


@pytest.mark.parametrize("name", ["by", "line", "odd"])
def test_changes_are_those_of_the_file(whole: Whole, name: str) -> None:
    """From the first epoch on: each change, in order, and the end of each epoch with its number and clock as id."""
    with whole.paths[name].open(newline="", encoding="utf-8") as file:
        _, *lines = csv.reader(file)
    last = whole.run.json("/v1/tables")["epoch"]
    found = follow(whole.run, f"/v1/tables/{name}/changes?from=0", last)
    changes = [
        [*map(text, change["row"].values()), event.data["epoch"], change["diff"]]
        for event in found
        if event.name == "changes"
        for change in event.data["changes"]
    ]
    assert changes == lines
    ends = [event for event in found if event.name == "epoch"]
    assert [event.id for event in ends] == [
        f"{epoch}-{event.data['unix_ms']}" for epoch, event in enumerate(ends)
    ]
    assert len(ends) == last + 1


def test_a_reader_goes_on_after_the_last_event(whole: Whole) -> None:
    """As browsers do when they connect again: the epochs after that of Last-Event-ID, which counts more than `from`."""
    last = whole.run.json("/v1/tables")["epoch"]
    ids = [event.id for event in follow(whole.run, "/v1/tables/by/changes?from=0", last)]
    before = next(id for id in ids if id is not None and id.startswith(f"{last - 1}-"))
    found = follow(whole.run, "/v1/tables/by/changes?from=0", last, last_event_id=before)
    assert {event.data["epoch"] for event in found} == {str(last)}


@pytest.mark.parametrize(
    ("id", "status"), [("3", 400), ("3-", 400), ("3-x", 400), ("3-7", 410), ("9999999-7", 410)]
)
def test_an_id_that_no_event_had_is_refused(whole: Whole, id: str, status: int) -> None:
    """Also that of an epoch whose number is here: another run may have had one of it."""
    path = "/v1/tables/by/changes?from=0"
    assert whole.run.get(path, Last_Event_ID=id).status == status


def openapi_paths(whole: Whole) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = whole.run.json("/openapi.json")["paths"]
    return found


def test_the_document_says_what_there_is(whole: Whole) -> None:
    """Each path of the document is answered, and each answer of the tests above is one that it names."""
    paths = openapi_paths(whole)
    assert set(paths) == {
        *("/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/status", "/v1/tables"),
        *("/v1/tables/{name}", "/v1/tables/{name}/changes", "/v1/predict"),
        *("/v1/status/changes", "/v1/rejects"),
        *(f"/v1/figures/{name}" for name in ("history", "fit", "residuals", "pace")),
    }
    for path in paths:
        if not path.endswith("/changes"):
            query = "?table=line&x=1" if path == "/v1/predict" else ""
            if path.startswith("/v1/figures/"):
                query = "?theme=dark" if path.endswith("/pace") else "?table=line&theme=dark"
            assert whole.run.get(path.replace("{name}", "by") + query).status == 200
    for path, operation in paths.items():
        for parameter in operation["get"]["parameters"] if "{" in path else ():  # type: ignore[index]  # JSON
            assert {"name", "in", "required", "schema", "description"} <= parameter.keys()


def statuses(answers: list[Answer]) -> set[int]:
    return {answer.status for answer in answers}


def test_other_methods_are_refused(whole: Whole) -> None:
    """Nothing can be changed by a request."""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        connection = whole.run.connection()
        connection.request(method, "/v1/tables/by", body=b"{}")
        assert connection.getresponse().status == 405
        connection.close()


def test_a_target_may_be_a_whole_address(whole: Whole) -> None:
    """As a client sends it that takes the run for a proxy; that of another server is none of this run's."""
    assert whole.run.json(f"{whole.run.url}/v1/tables/by?limit=1")["table"] == "by"
    assert whole.run.get("http://evil.example/v1/tables").status == 421


def test_the_status_is_how_far_the_run_is(whole: Whole) -> None:
    """Rows, offsets and lag by partition, processes."""
    found = whole.run.until("/readyz").json()
    assert found == {"ready": True, "reading": True, "lag_known": True, "outputs_taken": True}
    status = whole.run.json("/v1/status")
    assert (status["topic"], status["phase"], status["rows"]) == ("served", "reading", ROWS)
    offsets = {each["partition"]: each["offset"] for each in status["partitions"]}
    assert offsets == {0: ROWS, 1: 0, 2: 0, 3: 0}
    assert status["lag"] == 0
    assert status["memory_bytes"]["parent"] > 0 < status["memory_bytes"]["server"]
    assert set(itertools.chain(status["readers"].values())) == {"native"}
