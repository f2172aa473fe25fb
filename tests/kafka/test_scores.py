"""Rows of a real broker, scored by the fit to the epochs before theirs."""

from collections import Counter
from pathlib import Path

import pytest

from streamreg._types import SCORES
from tests.support.changelog import changes
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import job_environment, run_in_parts
from tests.support.readings import COLUMNS, message, readings
from tests.support.scored import Model, check

MODELS = {
    "scores.csv": Model("y", ["x", "d"], weight="w"),
    "keyed.csv": Model("y", ["x"], key="k"),
}


@pytest.mark.parametrize("processes", [1, 2])
def test_oracle_scores_in_three_runs(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path, processes: int
) -> None:
    """Read in three runs, by one process or two: each row once, with the exact scores by what was before."""
    broker.create_topic(topic, 2)
    held = readings(6000, 31)
    environment = job_environment(
        settings=broker.plaintext, topic=topic, autocommit_ms=50, processes=processes
    )
    sent = [message(one) for one in held]
    run_in_parts(
        "scores", tmp_path, environment, produce, (sent[:1000], sent[1000:3500], sent[3500:])
    )
    for name, model in MODELS.items():
        found = check(tmp_path / name, model, *COLUMNS)
        assert Counter(change.row[: len(COLUMNS)] for change in found) == Counter(held)
        assert len({change.time for change in found}) >= 3
    scored = changes(tmp_path / "scores.csv", *COLUMNS, *SCORES)
    large = [change for change in scored if change.row[-1] and abs(float(change.row[-1])) > 2]
    assert changes(tmp_path / "anomalies.csv", *COLUMNS, *SCORES) == large
    assert 100 < len(large) < 600
