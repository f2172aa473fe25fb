"""Sink, Kafka: rows as Avro records behind the frame of a Schema Registry, by a schema that is made of the columns."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from streamreg._exceptions import ConfigurationError, OutputError, SourceError
from streamreg._formats.schema_registry import EXTRA, SchemaRegistry, UnfitError
from streamreg._formats.schema_registry import AwayError as RegistryAwayError
from streamreg._sinks.cells import cells_of
from streamreg._sinks.contract import AwayError
from streamreg._sinks.stored_cells import from_stored, to_stored

try:
    import fastavro
except ImportError as error:
    raise ConfigurationError(EXTRA) from error

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec, Mode
    from streamreg._sinks.standing import Cells
    from streamreg._types import DType, KeyedMessage

_Answer = TypeVar("_Answer")

_KIND: Final = "AVRO"
_PRECISION, _SCALE = 38, 18
_TYPES: Final[Mapping[DType, Any]] = {
    "float": "double",
    "int": "long",
    "decimal": {
        "type": "bytes",
        "logicalType": "decimal",
        "precision": _PRECISION,
        "scale": _SCALE,
    },
    "bool": "boolean",
    "str": "string",
    "bytes": "bytes",
    "datetime": {"type": "long", "logicalType": "timestamp-micros"},
    "timedelta": "string",
    "any": "string",
}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONG: Final = 2**63
_OWN: Final = ("time", "diff")
_FRAME: Final = 5
"""The bytes before a record: a zero, then the schema's id."""


class AvroValues:
    """Records, as `MessageValues` has them."""

    objects: ClassVar[None] = None

    def __init__(
        self,
        name: str,
        topic: str,
        columns: Sequence[ColumnSpec],
        mode: Mode,
        settings: Mapping[str, Any],
        subject: str,
    ) -> None:
        """`name` is what messages call the output. Raises OutputError if a field cannot have the name of a column."""
        for column in columns:
            if not _NAME.fullmatch(column.name):
                raise OutputError(
                    f"{name}: column {column.name!r}: Avro has names of letters, digits and _ alone, none that begins "
                    "with a digit: select it by another name"
                )
        self._name = name
        self._subject = subject
        self._registry = SchemaRegistry(settings)
        self._columns = columns
        self._values = [_checked(name, column) for column in columns]
        self._read = [from_stored(column.dtype) for column in columns]
        self._text = json.dumps(_schema(topic, columns, mode))
        self._parsed = fastavro.parse_schema(json.loads(self._text))
        self._frame: bytes | None = None
        self._written: dict[bytes, Any] = {}

    def prepare(self, *, look: bool) -> None:
        """Registers the schema, or looks whether its subject would take it."""
        with closing(self._registry) as registry:
            if look:
                if not self._ask(lambda: registry.compatible(self._subject, _KIND, self._text)):
                    raise self._unfit("it is not compatible with the latest one")
                return
            id = self._ask(lambda: registry.register(self._subject, _KIND, self._text))
        self._frame = b"\0" + id.to_bytes(_FRAME - 1, "big")

    def finish(self, messages: Sequence[KeyedMessage]) -> None:
        for message in messages:
            if (row := message["value"]) is not None:
                message["value"] = self._record(self._fields(cells_of(row)))

    def change(self, cells: Cells, time: int, diff: int) -> bytes:
        fields = self._fields(cells)
        fields.update(zip(_OWN, (time, diff), strict=True))
        return self._record(fields)

    def _fields(self, cells: Cells) -> dict[str, object]:
        columns = zip(self._columns, self._values, cells, strict=True)
        return {column.name: value(cell) for column, value, cell in columns}

    def _record(self, fields: Mapping[str, object]) -> bytes:
        assert self._frame is not None
        out = io.BytesIO()
        out.write(self._frame)
        fastavro.schemaless_writer(out, self._parsed, fields)
        return out.getvalue()

    def read(self, value: bytes) -> tuple[Sequence[object], int]:
        schema = self._writers(value[:_FRAME])
        found = fastavro.schemaless_reader(io.BytesIO(value[_FRAME:]), schema, None)
        if not isinstance(found, dict):
            raise ValueError("no record")
        columns = zip(self._columns, self._read, strict=True)
        row = [read(found[column.name]) for column, read in columns]
        return row, int(found.get("diff", 1))

    def _writers(self, frame: bytes) -> Any:  # noqa: ANN401  # as the library has a schema
        """The schema that a record was written by. ValueError if there is none."""
        if frame not in self._written:
            if len(frame) < _FRAME or frame[0] != 0:
                raise ValueError("no frame")
            with closing(self._registry) as registry:
                found = self._ask(lambda: registry.schema(int.from_bytes(frame[1:], "big")))
            if found is None or found.kind != _KIND:
                raise ValueError("no schema of Avro")
            self._written[frame] = fastavro.parse_schema(json.loads(found.text))
        return self._written[frame]

    def _ask(self, question: Callable[[], _Answer]) -> _Answer:
        """The answer, with the errors that a sink has."""
        try:
            return question()
        except RegistryAwayError as error:
            raise AwayError(f"schema registry {self._registry.name}: {error}") from None
        except UnfitError as error:
            raise self._unfit(str(error)) from None
        except SourceError as error:
            raise OutputError(f"{self._name}: {error}") from None

    def _unfit(self, why: str) -> OutputError:
        return OutputError(
            f"{self._name}: schema registry {self._registry.name} does not take the schema of its columns for subject "
            f"{self._subject!r}: {why}: write to another topic or subject, or change what the subject accepts"
        )


def _schema(topic: str, columns: Sequence[ColumnSpec], mode: Mode) -> dict[str, Any]:
    name = re.sub(r"[^A-Za-z0-9_]", "_", topic)
    fields: list[dict[str, Any]] = [
        {"name": column.name, "type": ["null", _TYPES[column.dtype]], "default": None}
        for column in columns
    ]
    if mode == "changelog":
        fields += [{"name": own, "type": "long"} for own in _OWN]
    return {
        "type": "record",
        "name": f"_{name}" if name[:1].isdigit() else name,
        "fields": fields,
    }


def _checked(name: str, column: ColumnSpec) -> Callable[[bytes], object]:
    """What makes the value of a field of a cell. Raises OutputError, naming the column, if there is none such."""
    value = to_stored(column.dtype)
    fits = {"int": _is_long, "decimal": _is_decimal}.get(column.dtype)
    if fits is None:
        return value

    def checked(cell: bytes) -> object:
        found = value(cell)
        if found is not None and not fits(found):
            what = "64 bits" if column.dtype == "int" else f"decimal({_PRECISION},{_SCALE})"
            raise OutputError(
                f"{name}: column {column.name!r}: {str(found)[:40]} does not fit in {what}: write sr.cast(float, …) of "
                "it"
            )
        return found

    return checked


def _is_long(value: Any) -> bool:  # noqa: ANN401  # a value of the column's type
    return bool(-_LONG <= value < _LONG)


def _is_decimal(value: Any) -> bool:  # noqa: ANN401  # a value of the column's type
    if not isinstance(value, Decimal) or not value.is_finite():
        return False
    _, digits, exponent = value.as_tuple()
    written = "".join(map(str, digits))
    kept = written.rstrip("0")
    least = int(exponent) + len(written) - len(kept)
    return not kept or (least >= -_SCALE and value.adjusted() < _PRECISION - _SCALE)
