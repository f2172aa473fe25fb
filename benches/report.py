"""Writes `RESULTS.md` from what the benchmarks have left: each goal beside what was measured, then all tables.

    python -m benches.report FOLDER

FOLDER holds `throughput.json`, `latency.json`, `numerics.json`, `rolling.json`, `windows.json`, `topics.json`,
`spark.json`, `sinks.json` and `files.json`; criterion's results are where cargo put them. What explains a shortfall is
written by hand in `notes.md`, and goes in as it is.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from benches import numerics, rolling
from benches.criterion import Bench, read, results_folder
from benches.goals import Goal, Results, goals
from benches.machine import machine, versions
from streamreg._bench.tables import table

_HERE = Path(__file__).parent
_COMMANDS = """\
    make bench                        # all of it, into this file
    python -m benches.throughput --peers --rows {rows} --rounds {rounds}
    python -m benches.latency --peers
    python -m benches.numerics
    python -m benches.rolling
    python -m benches.windows --peers windows
    python -m benches.topics
    python -m benches.spark
    python -m benches.sinks
    python -m benches.files
    cargo bench -p streamreg-core"""

SPARK = (
    "The line over points whose x are times in milliseconds, in batches of equal size; rates leave out the first one, "
    "in which everything starts. CPU is that of all processes but the broker's. Executors share the two cores with the "
    "broker and the driver: a second one says nothing of a second machine."
)


def report(results: Results) -> str:
    """The file's text."""
    longest = max(case["rows"] for case in results.throughput["cases"])
    rounds = max(len(case["runs"]) for case in results.throughput["cases"])
    head = ["goal", "no.", "wanted", "measured", "met"]
    parts = [
        "# What was measured",
        "Written by `make bench`: do not edit; what explains a shortfall is in [notes.md](notes.md).",
        f"{machine()}. {versions(results.throughput['versions'])}. {datetime.now(UTC):%Y-%m-%d}.",
        _COMMANDS.format(rows=longest, rounds=rounds),
        "## The goals",
        table(head, [_goal(goal, goal.measured(results)) for goal in goals()]),
        (_HERE / "notes.md").read_text().rstrip(),
        "## Throughput and memory",
        results.throughput["table"],
        "## Latency and start-up",
        results.latency["table"],
        "## Digits",
        table(numerics.HEAD, results.numerics["fits"]),
        "## Rolling regressions",
        f"Windows of {rolling.WINDOW} rows; {results.rolling['versions']}.",
        table(rolling.HEAD, results.rolling["rolling"]),
        "## Windows",
        *(part["table"] for part in results.windows.values()),
        "## Topics",
        "Whole runs, start included; `of` is how many times as fast, CPU that of all processes of ours.",
        results.topics["table"],
        "## Spark",
        SPARK,
        results.spark["table"],
        results.spark["tasks_table"],
        "## Topics that are written to, and files",
        results.sinks["table"],
        results.files["table"],
        "## The core",
        table(["benchmark", "ns", "of"], [_bench(bench) for bench in results.core]),
    ]
    return "\n\n".join(parts) + "\n"


def _goal(goal: Goal, value: float | None) -> list[str]:
    wanted = f"{'≥' if goal.at_least else '≤'} {goal.limit:g} {goal.unit}"
    if value is None:
        return [goal.text, str(goal.number), wanted, "not measured", ""]
    met = "yes" if goal.met(value) else "NO"
    return [goal.text, str(goal.number), wanted, f"{value:.3g} {goal.unit}", met]


def _bench(bench: Bench) -> list[str]:
    unit = "a row" if bench.counts_rows else "a call"
    return [f"{bench.group}: {bench.name}", f"{bench.nanoseconds:,.1f}", unit]


def main() -> None:
    """Reads, writes, and prints the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    names = {field.name for field in fields(Results)} - {"core"}
    found = {name: json.loads((folder / f"{name}.json").read_text()) for name in names}
    text = report(Results(**found, core=read(results_folder())))
    (_HERE / "RESULTS.md").write_text(text)
    print(text.partition("## The goals\n\n")[2].partition("\n\n")[0])


if __name__ == "__main__":
    main()
