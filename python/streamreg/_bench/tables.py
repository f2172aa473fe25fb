"""Bench: what was found, as tables to be read and as JSON to be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from streamreg._bench.contender import RAW, SPARED
from streamreg._bench.latency import Latency
from streamreg._bench.startup import Startup
from streamreg._bench.throughput import Case, Throughput
from streamreg._bench.topics import BY_CLIENT, Read

_MEBI = 1 << 20


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as Markdown, its columns aligned; the first is text, the others are numbers."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        texts = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return f"| {' | '.join(texts)} |"

    rule = [f"{'-' * widths[0]}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join([line(head), line(rule), *map(line, rows)])


def throughput_table(found: Throughput) -> str:
    """A line for each case, and the peers that could not run."""
    head = ["rows a second", "format", "parallel", "rows", "whole", "steady", "of raw", "MiB"]
    text = table(head, [_case(case, found) for case in found.cases])
    return "\n".join([text, *_not_measured(found)])


def _case(case: Case, found: Throughput) -> list[str]:
    raw = found.case(RAW.name, case.format, case.parallel, case.rows)
    return [
        case.contender,
        case.format,
        str(case.parallel),
        f"{case.rows:,}",
        f"{case.whole:,.0f}",
        _number(case.steady, ",.0f"),
        _number(case.ratio(raw) if raw else None, ".2f"),
        _number(case.memory and case.memory / _MEBI, ".0f"),
    ]


def windows_table(found: Throughput, beside: str) -> str:
    """A line for each case, with how it compares to the contender `beside`; and the peers that could not run."""
    head = [
        "windows",
        "parallel",
        "rows",
        "rows a second",
        "µs of CPU a row",
        "times as long",
        "as much CPU",
        "MiB",
    ]
    text = table(head, [_windowed(case, found, beside) for case in found.cases])
    return "\n".join([text, *_not_measured(found)])


def _windowed(case: Case, found: Throughput, beside: str) -> list[str]:
    rival = found.case(beside, case.format, case.parallel, case.rows)
    return [
        case.contender,
        str(case.parallel),
        f"{case.rows:,}",
        f"{case.whole:,.0f}",
        _number(case.processor, ".2f"),
        _number(case.slower(rival) if rival else None, ".2f"),
        _number(case.dearer(rival) if rival else None, ".2f"),
        _number(case.memory and case.memory / _MEBI, ".0f"),
    ]


def windows_json(found: Throughput, beside: str) -> dict[str, Any]:
    """Every run, the medians, and the ratios to the contender `beside`."""
    cases = []
    for case in found.cases:
        rival = found.case(beside, case.format, case.parallel, case.rows)
        middle = {
            "whole": case.whole,
            "processor": case.processor,
            "slower": case.slower(rival) if rival else None,
            "dearer": case.dearer(rival) if rival else None,
            "memory": case.memory,
        }
        cases.append({**asdict(case), **middle})
    return {"cases": cases, "beside": beside, "absent": found.absent, "versions": found.versions}


def topics_table(found: Sequence[Read]) -> str:
    """A line for each case, beside the raw client and beside our own reading by the client."""
    head = [
        "topic",
        "who",
        "parallel",
        "rows",
        "rows a second",
        "of raw",
        "of client",
        "its CPU",
        "MiB",
    ]
    lines = [
        [
            read.topic.name,
            case["contender"],
            str(case["parallel"]),
            f"{case['rows']:,}",
            f"{case['whole']:,.0f}",
            _number(case["of_raw"], ".2f"),
            _number(case["of_client"], ".2f"),
            _number(case["cpu_of_client"], ".2f"),
            _number(case["memory"] and case["memory"] / _MEBI, ".0f"),
        ]
        for read in found
        for case in _read(read)
    ]
    return table(head, lines)


def topics_json(found: Sequence[Read]) -> dict[str, Any]:
    """Every run, the medians, and the ratios of whole runs."""
    return {"topics": {read.topic.name: _read(read) for read in found}}


def _read(read: Read) -> list[dict[str, Any]]:
    cases = []
    for case in read.cases:
        rivals = {other.contender: other for other in read.cases if other.parallel == case.parallel}
        raw, client = rivals[SPARED.name], rivals[BY_CLIENT.name]
        slower, slower_than_client = case.slower(raw), case.slower(client)
        middle = {
            "whole": case.whole,
            "of_raw": slower and 1 / slower,
            "of_client": slower_than_client and 1 / slower_than_client,
            "cpu_of_client": case.dearer(client),
            "memory": case.memory,
        }
        cases.append({**asdict(case), **middle})
    return cases


def _not_measured(found: Throughput) -> list[str]:
    return [f"\nNot measured: {peer} ({reason})." for peer, reason in found.absent.items()]


def latency_table(found: Sequence[Latency]) -> str:
    """A line for each contender and rate."""
    head = ["milliseconds", "messages a second", "rows", "p50", "p99", "worst", "first row (s)"]
    rows = [
        [
            one.contender,
            f"{one.rate:,.0f}",
            f"{one.rows:,}",
            f"{one.p50:.1f}",
            f"{one.p99:.1f}",
            f"{one.worst:.1f}",
            f"{one.first_row:.2f}",
        ]
        for one in found
    ]
    return table(head, rows)


def startup_table(found: Startup) -> str:
    """A line for each module, and one for a whole program."""
    seconds = {f"import {module}": each for module, each in found.imports.items()}
    seconds["an empty run of two processes"] = found.empty_run
    seconds["its whole program"] = found.empty_program
    rows = [[what, f"{each * 1000:.0f}"] for what, each in seconds.items()]
    return table(["milliseconds", "median"], rows)


def throughput_json(found: Throughput) -> dict[str, Any]:
    """Every run, and the medians and ratios."""
    cases = []
    for case in found.cases:
        raw = found.case(RAW.name, case.format, case.parallel, case.rows)
        middle = {
            "whole": case.whole,
            "steady": case.steady,
            "of_raw": case.ratio(raw) if raw else None,
            "memory": case.memory,
        }
        cases.append({**asdict(case), **middle})
    return {"cases": cases, "absent": found.absent, "versions": found.versions}


def latency_json(found: Sequence[Latency]) -> list[dict[str, Any]]:
    """Every measurement."""
    return [asdict(one) for one in found]


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
