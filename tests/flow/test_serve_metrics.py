"""Metrics: by Prometheus's conventions, equal to what the run has done, and what the dashboard shows."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

import streamreg as sr
from streamreg._serve.metrics import _engine
from streamreg._worker.contract import EngineFigures
from tests.support.plans import table_of_source
from tests.support.process import ROOT, wait_until
from tests.support.promtool import promtool
from tests.support.served import SECONDS, LiveSource, ServedRun, events

DEPLOY = ROOT / "deploy"
KEYS = 150
ROWS = 3 * KEYS
REJECTS = 4


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRun]:
    """A run that has read some rows and rejects."""
    folder = tmp_path_factory.mktemp("metrics")
    source = LiveSource()
    columns = {"k": "str", "x": "float", "y": "float"}
    t = table_of_source(source, columns, header=list(columns))
    outputs = [
        sr.io.csv.write(t.linear_regression(t.y, t.x, statistics=["n"]), folder / "line.csv"),
        sr.io.csv.write(t.linear_regression(t.y, t.x, by=t.k), folder / "by.csv"),
    ]
    n = t.reduce(n=sr.reducers.count())
    outputs.append(sr.io.sqlite.write(n, folder / "out.db", table="n"))
    with ServedRun(outputs, processes=0, state=folder / "state") as run:
        source.add(*(f'"key ""{i % KEYS}""",{i},{2 * i + 1}'.encode() for i in range(ROWS)))
        source.add(b"a,b,c", b"a,b", b"a,1,c", b"a")
        wait_until(lambda: f"streamreg_rows_total {ROWS}.0" in text(run), SECONDS)
        wait_until(lambda: samples(run).get('streamreg_result_rows{table="by"}') == KEYS, SECONDS)
        yield run


def text(run: ServedRun) -> str:
    return run.get("/metrics").body.decode()


def samples(run: ServedRun) -> Mapping[str, float]:
    """Each sample by its name and labels."""
    return {
        sample.name
        + "{" * bool(sample.labels)
        + ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
        + "}" * bool(sample.labels): sample.value
        for family in text_string_to_metric_families(text(run))
        for sample in family.samples
    }


def test_promtool_finds_nothing_to_say(served: ServedRun, folder: Path) -> None:
    """Names, units, types and help of all metrics are as Prometheus wants them, and alerts fire when they should."""
    rules = folder / "rules.yml"
    shutil.copy(ROOT / "tests/data/rules.yml", rules)
    shutil.copy(DEPLOY / "streamreg-rules.yml", folder)
    for arguments, given in (
        (["check", "metrics"], text(served)),
        (["check", "config", "prometheus.yml"], ""),
        (["check", "config", "--syntax-only", "prometheus-compose.yml"], ""),
        (["check", "rules", "streamreg-rules.yml"], ""),
        (["test", "rules", str(rules)], ""),
    ):
        promtool(DEPLOY, *arguments, given=given)


def test_counts_are_those_of_the_run(served: ServedRun) -> None:
    """Rows, rejects by reason, offsets and lag."""
    found = samples(served)
    assert served.progress is not None
    assert found["streamreg_rows_total"] == ROWS
    assert found["streamreg_epochs_total"] == served.progress.epochs
    rejects = {name: value for name, value in found.items() if "rejects" in name}
    assert sum(rejects.values()) == REJECTS
    assert all(name.startswith('streamreg_rejects_total{reason="') for name in rejects)
    assert found['streamreg_partition_offset{partition="0",topic="live"}'] == ROWS + REJECTS
    assert found['streamreg_partition_log_end_offset{partition="0",topic="live"}'] == ROWS + REJECTS
    assert found['streamreg_partition_lag_messages{partition="0",topic="live"}'] == 0
    assert found['streamreg_reader_in_use{reader="live",worker="0"}'] == 1
    assert found["streamreg_last_message_timestamp_seconds"] == ROWS + REJECTS - 1
    assert found["streamreg_worker_restarts_total"] == 0
    assert found["streamreg_ready"] == 1
    waiting = {name: value for name, value in found.items() if "output_waiting" in name}
    [(name, value)] = waiting.items()
    assert name.startswith('streamreg_output_waiting_seconds{output="')
    assert name.endswith('out.db:n"}')
    assert value == 0


def test_histograms_count_each_epoch(served: ServedRun) -> None:
    """And each checkpoint, beside the one before the first row; classes add up."""
    found = samples(served)
    closed = found["streamreg_epoch_duration_seconds_count"]
    assert closed >= found["streamreg_epochs_total"] > 0
    assert found["streamreg_checkpoint_duration_seconds_count"] == closed
    for name in ("epoch", "checkpoint"):
        whole = f"streamreg_{name}_duration_seconds"
        buckets = [value for key, value in found.items() if key.startswith(f"{whole}_bucket")]
        assert buckets == sorted(buckets)
        assert buckets[-1] == found[f"{whole}_count"]
        assert 0 < found[f"{whole}_sum"] < SECONDS
    assert found["streamreg_checkpoint_size_bytes"] > 1000


def test_results_are_gauges(served: ServedRun) -> None:
    """Coefficients and statistics of all rows, and of the first hundred keys; how many there are is told."""
    found = samples(served)
    labels = 'streamreg_result{{column="{}",key="",table="line"}}'
    assert [found[labels.format(name)] for name in ("intercept", "x", "n")] == [1, 2, ROWS]
    keys = {
        name: value
        for name, value in found.items()
        if name.startswith("streamreg_result{") and 'table="by"' in name
    }
    assert len(keys) == 2 * 100
    assert keys['streamreg_result{column="x",key=""key ""0"""",table="by"}'] == 2
    assert found['streamreg_result_rows{table="by"}'] == KEYS


def expressions(value: Any) -> Iterator[str]:  # noqa: ANN401  # what JSON has
    """All queries of a dashboard."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("expr", "query", "definition") and isinstance(inner, str):
                yield inner
            else:
                yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


def engine_metrics() -> set[str]:
    """The names of what a run on an engine has besides."""
    run = SimpleNamespace(engine=EngineFigures("an engine", 1, 1.0, 1, 1))
    found = SimpleNamespace(collect=lambda: _engine(run))  # type: ignore[arg-type]  # all it looks at
    text = generate_latest(found).decode()
    return {line.partition(" ")[0] for line in text.splitlines() if line[0] != "#"}


@pytest.mark.parametrize("name", ["grafana.json", "streamreg-rules.yml"])
def test_dashboard_and_rules_ask_for_what_there_is(served: ServedRun, name: str) -> None:
    """Each metric of each query is in an answer, with the labels that it is asked by."""
    text_of = (DEPLOY / name).read_text()
    asked = list(expressions(json.loads(text_of))) if name.endswith("json") else [text_of]
    found = samples(served)
    known = {key.partition("{")[0] for key in found} | {"streamreg_run_info"} | engine_metrics()
    names = {metric for query in asked for metric in re.findall(r"\bstreamreg_\w+", query)}
    assert names - known == set()
    assert len(names) > 3
    if name == "grafana.json":
        # Whatever is measured is shown somewhere.
        assert known - names - {"streamreg_run_info"} == set()
        labels = {
            label
            for query in asked
            for each in re.findall(r"by \((\w+)\)", query)
            for label in [each]
        }
        assert labels <= {"le", "instance", "reason", "reader"}


def test_openmetrics_is_spoken_too(served: ServedRun) -> None:
    """To a client that asks for it, as Prometheus does."""
    answer = served.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")


PACKED = ("/metrics", "/v1/tables/by", "/v1/figures/history?table=line&theme=dark", "/openapi.json")


@pytest.mark.parametrize("path", PACKED)
def test_large_answers_are_packed(served: ServedRun, path: str) -> None:
    """For who can unpack them, as scrapers and browsers can; to others they are as they are."""
    whole = served.get(path)
    assert "content-encoding" not in whole.headers
    packed = served.get(path, Accept_Encoding="deflate, gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert len(packed.body) < len(whole.body) / 2
    # What follows may have another time in it.
    assert gzip.decompress(packed.body)[:20] == whole.body[:20]


def test_what_is_small_or_a_stream_is_not_packed(served: ServedRun) -> None:
    """An event is there when it is written."""
    assert "content-encoding" not in served.get("/healthz", Accept_Encoding="gzip").headers
    with contextlib.closing(served.connection()) as connection:
        connection.request("GET", "/v1/status/changes", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        assert "content-encoding" not in answer.headers
        assert next(events(iter(answer.readline, b""))).name == "status"


@pytest.mark.parametrize("kind", ["text/plain", "application/openmetrics-text"])
@pytest.mark.parametrize("version", ["x", "", "1.x", "999.0.0", "-1"])
def test_a_client_that_asks_for_a_version_that_is_not_there(
    served: ServedRun, kind: str, version: str
) -> None:
    """It is given one that is."""
    answer = served.get("/metrics", Accept=f"{kind}; version={version}")
    assert answer.status == 200
    assert b"streamreg_rows_total" in answer.body


def test_files_beside_the_dashboard(served: ServedRun) -> None:
    """What the configuration names is there."""
    assert {path.name for path in DEPLOY.iterdir()} >= {
        "grafana.json",
        "prometheus.yml",
        "prometheus-compose.yml",
        "streamreg-rules.yml",
    }
    for name in ("prometheus.yml", "prometheus-compose.yml"):
        assert "streamreg-rules.yml" in Path(DEPLOY / name).read_text()
