"""Language: the reducers, which `table.reduce` computes over all rows, or over those of each key.

They are exact: sums and products of the inputs are held without rounding, and each result is
rounded once, so it does not depend on the order of the rows. Rows where an input is missing, NaN or
infinite are excluded from the reducer that reads it. A reducer of no rows is missing, `count` is 0.
The functions of one or two columns have SQL's names, its order of arguments (the response y comes
first) and its rules: a row where one of the two is missing or not finite is excluded, and counted;
where nothing varies, or one row is no sample, the result is missing.
"""

from __future__ import annotations

from streamreg._language.build import column_given
from streamreg._language.deferred import Deferred
from streamreg._language.expression import Expression, Operand, TypedExpression
from streamreg._language.reduction import AggregateKind, Reducer

__all__ = [
    "avg",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "max",
    "min",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
]


def __dir__() -> list[str]:
    return __all__


def count() -> Expression:
    """The number of rows, whatever they lack: SQL's `count(*)`. `regr_count` counts the rows that have both values."""
    return _reducer("count", "count")


def sum(value: Operand) -> Expression:
    """The exact sum, rounded once; of an int or a decimal column exact, without limit.

    Of a timedelta column it is an exact timedelta, missing beyond 64 bits of microseconds. Datetimes have no sum.
    """
    return _reducer("sum", "sum", value)


def min(value: Operand) -> Expression:
    """The smallest value."""
    return _reducer("min", "min", value)


def max(value: Operand) -> Expression:
    """The largest value."""
    return _reducer("max", "max", value)


def avg(value: Operand) -> Expression:
    """The exact mean, rounded once; of a timedelta column to the nearest microsecond. Datetimes have none."""
    return _reducer("avg", "sum", value)


def var_pop(value: Operand) -> Expression:
    """The population variance: the mean squared deviation from the mean."""
    return _spread("var_pop", value)


def var_samp(value: Operand) -> Expression:
    """The sample variance, with n - 1 in place of n; missing for one row."""
    return _spread("var_samp", value)


def stddev_pop(value: Operand) -> Expression:
    """The square root of `var_pop`, rounded once."""
    return _spread("stddev_pop", value)


def stddev_samp(value: Operand) -> Expression:
    """The square root of `var_samp`, rounded once; missing for one row."""
    return _spread("stddev_samp", value)


def covar_pop(y: Operand, x: Operand) -> Expression:
    """The population covariance: the mean product of the deviations from the means."""
    return _of_line("covar_pop", y, x)


def covar_samp(y: Operand, x: Operand) -> Expression:
    """The sample covariance, with n - 1 in place of n; missing for one row."""
    return _of_line("covar_samp", y, x)


def corr(y: Operand, x: Operand) -> Expression:
    """The correlation coefficient; missing if x or y does not vary."""
    return _of_line("corr", y, x)


def regr_slope(y: Operand, x: Operand) -> Expression:
    """The slope of the least-squares line of y on x; missing if x does not vary."""
    return _of_line("regr_slope", y, x)


def regr_intercept(y: Operand, x: Operand) -> Expression:
    """The value of the least-squares line of y on x at x = 0; missing if x does not vary."""
    return _of_line("regr_intercept", y, x)


def regr_r2(y: Operand, x: Operand) -> Expression:
    """The coefficient of determination; missing if x does not vary, 1 if y does not."""
    return _of_line("regr_r2", y, x)


def regr_count(y: Operand, x: Operand) -> Expression:
    """The number of rows where both y and x are there and finite."""
    return _of_line("regr_count", y, x)


def regr_avgx(y: Operand, x: Operand) -> Expression:
    """The mean of x."""
    return _of_line("regr_avgx", y, x)


def regr_avgy(y: Operand, x: Operand) -> Expression:
    """The mean of y."""
    return _of_line("regr_avgy", y, x)


def regr_sxx(y: Operand, x: Operand) -> Expression:
    """The sum of squared deviations of x from its mean."""
    return _of_line("regr_sxx", y, x)


def regr_syy(y: Operand, x: Operand) -> Expression:
    """The sum of squared deviations of y from its mean."""
    return _of_line("regr_syy", y, x)


def regr_sxy(y: Operand, x: Operand) -> Expression:
    """The sum of products of the deviations of x and y from their means."""
    return _of_line("regr_sxy", y, x)


def _of_line(statistic: str, y: Operand, x: Operand) -> Expression:
    return _reducer(statistic, "moments", y, x)


def _spread(statistic: str, value: Operand) -> Expression:
    """Squares are products of a column with itself, which the moments of a line hold."""
    column = column_given(value, statistic)
    return _waiting(Reducer(_text(statistic, column), "moments", (column, column), statistic))


def _reducer(statistic: str, aggregate: AggregateKind, *values: Operand) -> Expression:
    arguments = tuple(column_given(value, statistic) for value in values)
    # The core wants what explains before what is explained.
    text = _text(statistic, *arguments)
    return _waiting(Reducer(text, aggregate, arguments[::-1], statistic))


def _text(name: str, *arguments: Expression) -> str:
    return f"{name}({', '.join(argument.text for argument in arguments)})"


def _waiting(reducer: Reducer) -> Expression:
    typed = tuple(item for item in reducer.arguments if isinstance(item, TypedExpression))
    if len(typed) == len(reducer.arguments):
        reducer.check(typed)
    return Deferred(reducer.text, (), lambda environment, _: environment.reduction(reducer))
