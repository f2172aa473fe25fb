"""The stream to try a program with."""

import pytest

import streamreg as sr
from tests.support.changelog import changes as changes_of
from tests.support.changelog import inserted, result, times

# The rows and the last coefficients that the tutorial prints.
TUTORIAL = [
    ("0.0", "0.06888437030500963"),
    ("1.0", "1.0515908805880605"),
    ("2.0", "1.984114316166169"),
    ("3.0", "2.9517833500585926"),
    ("4.0", "4.002254944273722"),
    ("5.0", "4.980986827490083"),
    ("6.0", "6.056759717806955"),
    ("7.0", "6.9606625452157855"),
    ("8.0", "7.995319390830471"),
    ("9.0", "9.016676407891007"),
]


@pytest.mark.parametrize("rate", [40, 1e6])
def test_it_gives_the_rows_of_the_tutorial(processes: int, rate: float) -> None:
    """Ten points, the tutorial's own, at any pace and whoever reads them; then it ends."""
    t = sr.demo.noisy_linear_stream(nb_rows=10, input_rate=rate)
    sr.io.csv.write(t, "rows.csv")
    fit = t.linear_regression(t.y, t.x)
    sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), "line.csv")
    summary = sr.run(processes=processes)
    assert inserted("rows.csv", "x", "y") == TUTORIAL
    assert result("line.csv", "a", "b") == ("0.025649728471302445", "0.9958341214647296")
    assert summary.ended_by == "source"


def test_points_come_one_by_one() -> None:
    """At a steady rate each point has an epoch of its own."""
    t = sr.demo.noisy_linear_stream(nb_rows=5, input_rate=20)
    sr.io.csv.write(t, "rows.csv")
    summary = sr.run(processes=0)
    assert times(changes_of("rows.csv", "x", "y")) == [0, 1, 2, 3, 4]
    assert summary.seconds >= 4 / 20


@pytest.mark.parametrize(
    ("rows", "rate", "name"),
    [(0, 1.0, "nb_rows"), (True, 1.0, "nb_rows"), (1.5, 1.0, "nb_rows"), (1, 0, "input_rate"),
     (1, float("inf"), "input_rate"), (1, float("nan"), "input_rate"), (1, "1", "input_rate")],
)  # fmt: skip
def test_what_cannot_be_a_number_of_points_or_a_rate_is_refused(
    rows: int, rate: float, name: str
) -> None:
    """The error names the argument."""
    with pytest.raises(sr.ConfigurationError, match=f"^{name}: "):
        sr.demo.noisy_linear_stream(rows, rate)
