"""Format Avro: records behind the frame of a Schema Registry, whose fields are the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from streamreg._core import avro_decoder, avro_problems
from streamreg._dataclass import dataclass
from streamreg._formats.registered import RegisteredFormat

if TYPE_CHECKING:
    from streamreg._core import Decoder
    from streamreg._formats.framed import Registered
    from streamreg._formats.schema_registry import RegisteredSchema
    from streamreg._types import SourceType


@dataclass(frozen=True)
class Avro(RegisteredFormat):
    """Messages that are Avro records."""

    name = "avro"
    kind = "AVRO"

    def _knowing(self, columns: Mapping[str, SourceType], schemas: Sequence[Registered]) -> Decoder:
        return avro_decoder(list(columns.items()), self._paths, schemas)

    def _problems(
        self, columns: Mapping[str, SourceType], schema: RegisteredSchema
    ) -> Sequence[tuple[str, str]]:
        return avro_problems(list(columns.items()), self._paths, schema.text, schema.references)
