"""What the benchmarks ran on, without names of hosts or folders."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import confluent_kafka

from tests.support.kafka.jars import KAFKA_VERSION

_PACKAGES = (
    "streamreg",
    "numpy",
    "confluent-kafka",
    "river",
    "scikit-learn",
    "statsmodels",
)


def machine() -> str:
    """One line: processor, cores, memory, kernel."""
    parts = [
        _first(r"^model name\s*: (.+)$", "/proc/cpuinfo") or platform.machine(),
        f"{os.cpu_count()} cores",
    ]
    if kilobytes := _first(r"^MemTotal:\s+(\d+) kB$", "/proc/meminfo"):
        parts.append(f"{int(kilobytes) / (1 << 20):.0f} GiB")
    return ", ".join([*parts, f"{platform.system()} {platform.release()}"])


def versions(peers: Mapping[str, str]) -> str:
    """One line: everything that takes part and is installed; engines may live elsewhere, and are given."""
    found = [f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    found += [f"{peer} {text}" for peer, text in peers.items()]
    found += [f"librdkafka {confluent_kafka.libversion()[0]}", f"Apache Kafka {KAFKA_VERSION}"]
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True)
    return ", ".join([*found, " ".join(rustc.stdout.split()[:2])])


def _first(pattern: str, path: str) -> str | None:
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:  # not Linux
        return None
    return found[1] if found else None
