"""The digits that the documentation claims: streamreg's are computed anew, the rivals' were measured beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benches.numerics import Fit, digits
from benches.problems import certified, line
from benches.rivals import OURS, Rival, usual

CLAIMED = (Path(__file__).parents[3] / "docs/about/exact.md").read_text(encoding="utf-8")
SETS = certified()


def claimed(name: str) -> list[str]:
    """The row of the page's table, without its name."""
    (row,) = re.findall(rf"^\| \**{re.escape(name)}\** +\|(.*)\|$", CLAIMED, re.M)
    return [cell.strip(" *") for cell in row.split("|")]


@pytest.mark.parametrize("rival", OURS, ids=lambda rival: rival.name)
def test_the_readme_has_our_digits(rival: Rival) -> None:
    """Each number in our rows is what the core gives now; decimals have all 15 digits everywhere."""
    found = Fit(None, {name: digits(rival, problem) for name, problem in SETS.items()})
    assert found.cells()[1:] == claimed(rival.name)
    if rival.name.endswith("Decimal"):
        assert set(found.digits.values()) == {15.0}


def test_the_readme_names_the_sets() -> None:
    """The columns are NIST's sets, in the order of the benchmark."""
    (head,) = re.findall(r"^\| digits +\|(.*)\|$", CLAIMED, re.M)
    assert [cell.strip() for cell in head.split("|")] == list(SETS)


def test_the_usual_sums_lose_digits() -> None:
    """Why there is a table: where exactness keeps 15, sums in doubles keep half."""
    rival = Rival("usual", usual, 0)
    lost = digits(rival, SETS["Longley"])
    assert lost is not None
    assert lost < 9


@pytest.mark.parametrize("rival", OURS, ids=lambda rival: rival.name)
def test_the_line_whose_speed_is_measured_is_found(rival: Rival) -> None:
    """Three and two, but for the noise."""
    found = rival.fit(line(2000))
    assert found is not None
    assert [round(value) for value in found] == [3, 2]
