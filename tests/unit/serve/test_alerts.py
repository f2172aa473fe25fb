"""The shipped alerts over what runs expose, scrape by scrape, by Prometheus's own rules; restarts among them."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streamreg._rejects.dead_letters import REASONS
from streamreg._serve.feed import Feed
from streamreg._serve.metrics import RunCollector
from streamreg._serve.snapshot import Snapshot
from tests.support.process import ROOT
from tests.support.promtool import promtool

RULES = ROOT / "deploy" / "streamreg-rules.yml"
ROWS = 1_000_000


def snapshot(rows: int, **rejects: int) -> Snapshot:
    now = time.time()
    return Snapshot(
        phase="reading",
        turned_at=time.monotonic(),
        unix=now,
        started_at=now,
        topic="t",
        rows=rows,
        rejects=rejects,
    )


def starting() -> Snapshot:
    now = time.time()
    return Snapshot(
        phase="starting", turned_at=time.monotonic(), unix=now, started_at=now, topic="t"
    )


def counters(found: Snapshot) -> dict[str, float]:
    """All counters of a scrape, by name and labels."""
    feed = Feed()
    feed.take(found)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RunCollector(feed))
    return {
        sample.name + json.dumps({**sample.labels, "instance": "a"}): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        if family.type == "counter"
        for sample in family.samples
    }


def series(scrapes: list[Snapshot]) -> list[dict[str, str]]:
    """What Prometheus has after these scrapes, a minute apart, as its tool takes it."""
    values: dict[str, list[str]] = defaultdict(lambda: ["_"] * len(scrapes))
    for at, found in enumerate(scrapes):
        for name, value in counters(found).items():
            values[name][at] = repr(value)
    return [{"series": _written(name), "values": " ".join(each)} for name, each in values.items()]


def _written(name: str) -> str:
    metric, _, labels = name.partition("{")
    found = json.loads("{" + labels)
    return (
        metric + "{" + ",".join(f"{key}={json.dumps(value)}" for key, value in found.items()) + "}"
    )


def check(folder: Path, scrapes: list[Snapshot], **tests: Any) -> None:  # noqa: ANN401  # as JSON has it
    """By `promtool test rules`, with the shipped alerts."""
    one = {"interval": "1m", "input_series": series(scrapes), **tests}
    (folder / "tests.yml").write_text(json.dumps({"rule_files": [str(RULES)], "tests": [one]}))
    promtool(folder, "test", "rules", "tests.yml")


def alerts(minute: int, *reasons: str) -> dict[str, Any]:
    told = [
        {
            "exp_labels": {"instance": "a", "reason": reason},
            "exp_annotations": {"summary": f"a: messages do not fit ({reason})"},
        }
        for reason in reasons
    ]
    return {"eval_time": f"{minute}m", "alertname": "StreamregRejects", "exp_alerts": told}


def test_the_first_reject_of_a_reason_is_told(tmp_path: Path) -> None:
    """Each reason is a series from 0 on: an increase of one that begins at 1 is none."""
    assert {name for name in counters(snapshot(0)) if "rejects" in name} == {
        f"streamreg_rejects_total{json.dumps({'reason': reason, 'instance': 'a'})}"
        for reason in REASONS
    }
    scrapes = [starting(), snapshot(5), snapshot(9), snapshot(9, late=1), snapshot(12, late=1)]
    check(tmp_path, scrapes, alert_rule_test=[alerts(2), alerts(4, "late")])


def test_a_restart_adds_nothing(tmp_path: Path) -> None:
    """While a run starts there are no counters; those of its state go on where they were."""
    scrapes = [
        snapshot(ROWS, late=7),
        snapshot(ROWS, late=7),
        starting(),
        starting(),
        snapshot(ROWS, late=7),
        snapshot(ROWS, late=7),
    ]
    rows = "streamreg_rows_total"
    nothing = {
        "expr": f"increase({rows}[10m])",
        "eval_time": "5m",
        "exp_samples": [{"labels": '{instance="a"}', "value": 0}],
    }
    check(tmp_path, scrapes, alert_rule_test=[alerts(5)], promql_expr_test=[nothing])


def test_a_job_that_does_not_fit_its_topic_is_told(tmp_path: Path) -> None:
    """Also where all rejects were before the first scrape, which no increase shows; not once there are rows."""

    def told(minute: int, *summaries: str) -> dict[str, Any]:
        found = [
            {"exp_labels": {"instance": "a"}, "exp_annotations": {"summary": each}}
            for each in summaries
        ]
        return {"eval_time": f"{minute}m", "alertname": "StreamregNoRows", "exp_alerts": found}

    no_rows = "a: messages do not fit, and none has been a row"
    scrapes = [starting(), snapshot(0, late=3), snapshot(0, late=3), snapshot(1, late=3)]
    tests = [told(0), told(1, no_rows), told(2, no_rows), told(3)]
    check(tmp_path, scrapes, alert_rule_test=tests)
