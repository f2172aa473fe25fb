"""What criterion has left in `target/criterion`: nanoseconds for each benchmark of the core."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Bench:
    """One benchmark of the core."""

    group: str
    name: str
    """Within its group; for one with a parameter, that is the last part."""
    nanoseconds: float
    """The median, for each row where rows are counted, for each call otherwise."""
    counts_rows: bool


def results_folder() -> Path:
    """Where criterion keeps its results."""
    return Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "criterion"


def read(where: Path) -> list[Bench]:
    """All benchmarks that were run last, by group and name."""
    found = []
    for described in sorted(where.glob("**/new/benchmark.json")):
        about = json.loads(described.read_text())
        estimates = json.loads(described.with_name("estimates.json").read_text())
        rows = (about["throughput"] or {}).get("Elements")
        name = "/".join(filter(None, (about["function_id"], about["value_str"])))
        nanoseconds = estimates["median"]["point_estimate"] / (rows or 1)
        found.append(Bench(about["group_id"], name, nanoseconds, rows is not None))
    return found
