"""What a job file says of its regression: model and statistics, as the table language has them."""

import pytest

from streamreg._jobs.run_job import plan_job
from tests.support.job_files import MINIMAL, changed, problems, read


def test_a_regression_with_options() -> None:
    """They are those of the table language, and the statistics' columns can be renamed as well."""
    lines = 'intercept = false\nsingular = "null"\nlevel = 0.9\nstatistics = ["r2", "t"]'
    text = changed('["x", "n"]', f'["x", "n"]\n{lines}')
    job = read(text.replace('"out.csv"', '"out.csv"\ncolumns = { t_x = "evidence" }'))
    options = job.options
    assert (options.intercept, options.ridge, options.singular, options.level) == (
        False,
        0.0,
        "null",
        0.9,
    )
    assert options.statistics == ("r2", "t")
    assert [asked.name for asked in options.asked(job.features)] == ["x", "n", "r2", "t_x", "t_n"]
    assert read(MINIMAL).options.statistics == ()
    assert read(changed('["x", "n"]', '["x"]\nweights = "n"')).weights == "n"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("intercept = 0", "intercept: expected true or false, found 0"),
        ("ridge = -1", "ridge: expected a finite number from 0 up, found -1"),
        ("ridge = inf", "ridge: expected a finite number from 0 up, found inf"),
        ("ridge = nan", "ridge: expected a finite number from 0 up, found nan"),
        (
            f"ridge = 1{'0' * 400}",
            "ridge: expected a finite number from 0 up, found a very large integer",
        ),
        ("ridge = true", "ridge: expected a finite number from 0 up, found true"),
        ('statistics = ["t"]', None),
        (
            'statistics = ["rsss"]',
            'statistics: "rsss" is no statistic; did you mean "rss"?',
        ),
        (
            'ridge = 0.5\nstatistics = ["r2", "t"]',
            'statistics: "t" is not defined: with a ridge only "n", "condition_number", "rss", "r2" are',
        ),
        (
            'statistics = ["n"]',
            'statistics: two columns of the result would be called "n"',
        ),
        ('singular = "none"', 'singular: expected one of "zero", "null", "drop", found "none"'),
        ("level = 95", "level: expected a number between 0 and 1, found 95"),
    ],
)
def test_an_option_that_makes_no_sense(line: str, problem: str | None) -> None:
    """Each fault by itself gives one line that begins with the key (None: no fault at all)."""
    text = changed('["x", "n"]', f'["x", "n"]\n{line}')
    if problem is None:
        read(text)
    else:
        assert problems(text) == [f"regression.{problem}"]


def test_a_job_file_offers_the_same() -> None:
    """Its options are those of the language, and its columns can be renamed."""
    lines = 'ridge = 0.5\nsingular = "null"\nstatistics = ["n", "r2"]\n'
    text = MINIMAL.replace('["x", "n"]', '["x"]')
    text = text.replace("[output]", f'{lines}[output]\ncolumns = {{ r2 = "share" }}')
    (output,) = plan_job(read(text)).result_outputs
    assert output.names == ("intercept", "x", "n", "share")


def test_a_job_file_has_times() -> None:
    """Columns of times are features and keys, written as the job says, and their options are those of the language."""
    at, gap = '{ type = "datetime", tz = "Europe/Berlin" }', '{ type = "timedelta", unit = "ms" }'
    times = f'at = {at}\ngap = {gap}\nday = "datetime"'
    text = changed('s = "str"', times).replace('["x", "n"]', '["at", "gap"]\nby = ["day"]')
    plan = plan_job(read(text))
    (output,) = plan.result_outputs
    assert [(column.name, column.dtype) for column in output.columns] == [
        ("day", "datetime"),
        ("intercept", "float"),
        ("at", "float"),
        ("gap", "float"),
    ]
    columns = plan.input.columns
    assert {name: columns[name] for name in ("at", "gap", "day")} == {
        "at": "datetime tz=Europe/Berlin",
        "gap": "timedelta unit=ms",
        "day": "datetime",
    }
    (reducing,) = plan.rows.reductions
    assert (reducing.keys, reducing.inputs) == (("datetime",), ("datetime", "timedelta", "float"))


SCORED = changed('"out.csv"', '"out.csv"\nscores = "scores.csv"')


def test_a_job_file_can_ask_for_scores() -> None:
    """The rows with their scores are an output beside the others, also where it has keys."""
    for text in (SCORED, SCORED.replace('["x", "n"]', '["x", "n"]\nby = ["s"]')):
        (output,) = plan_job(read(text)).score_outputs
        scores = ("prediction", "residual", "standardized_residual")
        assert (output.name, output.names) == ("scores.csv", ("x", "n", "y", "s", *scores))


def test_scores_have_columns_of_their_own() -> None:
    """The schema has no column that is called as one of the scores."""
    text = SCORED.replace('s = "str"', 's = "str"\nresidual = "float"')
    problem = 'output.scores: the changelog has a column "residual" of its own'
    assert problems(text) == [problem]
