"""The tutorial's two programs against a real broker, and the numbers that it prints."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.kafka.broker import PASSWORD, USER, KafkaBroker
from tests.support.kafka.outputs import bits, changes_so_far, fold, read_changelog
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import EXAMPLES, JOBS, Program, job_environment

# As the tutorial prints them.
INPUT_Y = [
    0.06888437030500963,
    1.0515908805880605,
    1.984114316166169,
    2.9517833500585926,
    4.002254944273722,
    4.980986827490083,
    6.056759717806955,
    6.9606625452157855,
    7.995319390830471,
    9.016676407891007,
]
PRINTED = [
    (0.0, 0.0),
    (0.06888437030500971, 0.9827065102830508),
    (0.07724821608916699, 0.9576149729305795),
    (0.0769101730536299, 0.9581220374838857),
    (0.05833884879671927, 0.9766933617407955),
    (0.05087576879874134, 0.9822906717392795),
    (0.03085078333935821, 0.9943056630149089),
    (0.03590542987734715, 0.9917783397459139),
    (0.03198741430177742, 0.9934574892783012),
    (0.025649728471303895, 0.9958341214647295),
]
# The exact solutions for the same rows, each rounded once to the nearest double.
EXACT = [
    (0.0, 0.0),
    (0.06888437030500963, 0.9827065102830509),
    (0.0772482160891667, 0.9576149729305796),
    (0.07691017305362931, 0.9581220374838857),
    (0.05833884879671935, 0.9766933617407957),
    (0.05087576879874118, 0.9822906717392793),
    (0.030850783339359464, 0.9943056630149084),
    (0.035905429877348204, 0.991778339745914),
    (0.03198741430177756, 0.9934574892783014),
    (0.025649728471302445, 0.9958341214647296),
]

# The epochs are much shorter than the pauses, so that each message has its own.
STREAM_PAUSE = "0.6"
AUTOCOMMIT_MS = "20"


def environment(broker: KafkaBroker, listener: str, topic: str) -> dict[str, str]:
    settings: dict[str, str] = getattr(broker, listener)
    common = {"KAFKA_SERVERS": settings["bootstrap.servers"], "KAFKA_TOPIC": topic}
    if listener == "plaintext":
        return common
    secrets = {"KAFKA_USERNAME": USER, "KAFKA_PASSWORD": PASSWORD, "KAFKA_CA": str(broker.ca)}
    return common | secrets


def rows(path: Path, columns: Sequence[str]) -> list[tuple[float, ...]]:
    """What a changelog's one row was at its epochs, which are 0, 1, 2 and so on."""
    standing = fold(read_changelog(path, columns))
    assert [change.time for change in standing] == list(range(len(standing)))
    return [change.row for change in standing]


@pytest.mark.parametrize("listener", ["plaintext", "sasl_ssl"])
def test_tutorial(broker: KafkaBroker, topic: str, tmp_path: Path, listener: str) -> None:
    """The tutorial's program gives its ten input rows and its coefficients, one epoch a message."""
    broker.create_topic(topic)
    common = environment(broker, listener, topic)
    seen = tmp_path / "regression_input.csv"
    results = tmp_path / "regression_output_stream.csv"
    with Program(
        EXAMPLES / "realtime_regression.py", tmp_path, {**common, "AUTOCOMMIT_MS": AUTOCOMMIT_MS}
    ) as job:
        job.wait_until(seen.exists)
        with Program(
            EXAMPLES / "generating_kafka_stream.py",
            tmp_path,
            {**common, "STREAM_PAUSE": STREAM_PAUSE},
        ) as producer:
            producer.finish(60)
        job.wait_until(lambda: any(change.time == 9 for change in changes_so_far(results, 2)))
        job.interrupt()

    expected = [((float(x), y), x, 1) for x, y in enumerate(INPUT_Y)]
    assert read_changelog(seen, ["x", "y"]) == expected
    given = rows(results, ["a", "b"])
    assert len(given) == len(PRINTED)
    for row, printed in zip(given, PRINTED, strict=True):
        assert row == pytest.approx(printed, rel=0, abs=1e-9)


def test_linear_regression_is_exact(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path
) -> None:
    """`linear_regression` over the tutorial's rows gives the exact coefficients, bit for bit."""
    broker.create_topic(topic)
    produce(topic, ["x,y"])
    results = tmp_path / "coefficients.csv"
    settings = job_environment(
        settings=broker.plaintext, topic=topic, mode="streaming", autocommit_ms=0
    )

    def has_answered(count: int) -> bool:
        return sum(change.diff == 1 for change in changes_so_far(results, 2)) == count

    with Program(JOBS / "regression.py", tmp_path, settings) as job:
        for x, y in enumerate(INPUT_Y):
            produce(topic, [f"{x},{y}"])
            job.wait_until(lambda count=x + 1: has_answered(count))  # type: ignore[misc]
        job.interrupt()

    assert [bits(row) for row in rows(results, ["a", "b"])] == [bits(row) for row in EXACT]
