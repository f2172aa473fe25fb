"""Language: how a column of times is written in the messages, where its type alone does not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from streamreg._core import check_column_type
from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._types import quoted

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from streamreg._types import ColumnType, SourceType


@dataclass(frozen=True)
class ColumnOptions:
    """What `column` was given, as text."""

    tz: str | None
    unit: str | None

    def source_type(self, where: str, dtype: ColumnType) -> SourceType:
        """The type of a column with these options; `where` is how messages call the column.

        Raises:
            ProgramError: if the type has no such option, or the option no such value.
        """
        name, value = ("unit", self.unit) if self.tz is None else ("tz", self.tz)
        if dtype not in ("datetime", "timedelta") or (name == "tz" and dtype == "timedelta"):
            has = (
                "datetime and timedelta columns have" if name == "unit" else "datetime columns have"
            )
            raise ProgramError(f"{where}: only {has} {name}=, not {dtype}")
        source = f"{dtype} {name}={value}"
        try:
            check_column_type(source)
        except ValueError as error:
            raise ProgramError(f"{where}: {error}") from None
        return source


def column(
    *,
    tz: str | ZoneInfo | None = None,
    unit: Literal["s", "ms", "us", "µs", "ns"] | None = None,
) -> Any:  # noqa: ANN401  # it stands where type checkers want a value of the column's type
    """How the times of a column are written in the messages: `at: datetime = sr.column(tz="Europe/Berlin")`.

    Args:
        tz: for datetimes: texts without an offset are local times of this time zone, by its name in the IANA database,
            of which streamreg has its own copy. A time that its clocks skip or show twice, where they change, is a
            reject of the reason `clock-change`.
        unit: the column holds numbers: of a datetime since 1970-01-01T00:00Z, of a timedelta its length. They are read
            exactly, with any digits behind the point that come to whole microseconds; more are rejected.

    Raises:
        ProgramError: if there is not one of them; and by the schema, if the column's type does not have it.
    """
    if (tz is None) == (unit is None):
        raise ProgramError("column: give it tz= or unit=, one of the two")
    return ColumnOptions(_text("tz", getattr(tz, "key", tz)), _text("unit", unit))


def _text(name: str, given: object) -> str | None:
    if given is None or isinstance(given, str):
        return given
    raise ProgramError(f"column: {name} is text, not {quoted(given)}")
