"""Format JSON: objects (RFC 8259), whose members are the columns, or in which they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from streamreg._core import framed_json_decoder, json_decoder
from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._formats.options import (
    Records,
    check_paths,
    check_records,
    check_subject_name,
    chosen,
)

if TYPE_CHECKING:
    from streamreg._core import Decoder as CoreDecoder
    from streamreg._formats.contract import Decoder, Found, Input
    from streamreg._formats.framed import Registered
    from streamreg._formats.schema_registry import RegisteredSchema
    from streamreg._source.contract import Report
    from streamreg._types import SourceType

_KIND = "JSON"


@dataclass(frozen=True)
class Json:
    """Messages that are objects, or hold some.

    Raises:
        ConfigurationError: if an option cannot be used.
    """

    json_field_paths: Mapping[str, str] = field(default_factory=dict)
    """Columns that are no members of the object itself, and their JSON pointers (RFC 6901)."""

    numbers_in_strings: bool = False
    """Whether a number may be written as a string, in columns of float and int."""

    records: Records = "one"
    """How many objects a message holds: "one", or any number ("many"), in an array or one a line."""

    schema_registry: Mapping[str, Any] | bool = field(default=False, repr=False)  # holds secrets
    """The settings of the client of the Schema Registry whose frame stands before the objects; True where a state says
    that there is a frame."""

    subject: str | None = None
    """Whose latest schema is looked at at the start; None: the topic's name with `-value` behind it."""

    name = "json"
    preamble = None

    def __post_init__(self) -> None:
        """Check the options."""
        check_records(self.records)
        if not isinstance(self.numbers_in_strings, bool):
            raise ConfigurationError(
                f"numbers_in_strings: expected True or False, found {self.numbers_in_strings!r}"
            )
        object.__setattr__(self, "json_field_paths", check_paths(self.json_field_paths))
        check_subject_name(self.subject)
        if not isinstance(self.schema_registry, bool):
            from streamreg._formats.schema_registry import checked_settings

            object.__setattr__(self, "schema_registry", checked_settings(self.schema_registry))
        if self.schema_registry and self.records == "many":
            raise ConfigurationError(
                'records: a message behind the frame of a Schema Registry holds one object: leave out "many"'
            )
        if self.subject is not None and not self.schema_registry:
            raise ConfigurationError("subject: it is one of a registry: give schema_registry too")

    def identity(self) -> Mapping[str, Any]:
        paths = {"json_field_paths": self.json_field_paths} if self.json_field_paths else {}
        framed = {"schema_registry": True} if self.schema_registry else {}
        options = chosen(self, "numbers_in_strings", "records", "subject")
        return {"format": self.name, **paths, **framed, **options}

    def check(self, columns: Mapping[str, SourceType]) -> None:
        try:
            json_decoder(list(columns.items()), list(self.json_field_paths.items()))
        except ValueError as error:
            raise ConfigurationError(f"json_field_paths: {error}") from None

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> Decoder:
        schema, paths = list(columns.items()), list(self.json_field_paths.items())
        if not self.schema_registry:
            return json_decoder(schema, paths, self.numbers_in_strings, self.records == "many")
        from streamreg._formats.framed import FramedDecoder

        def knowing(schemas: Sequence[Registered]) -> CoreDecoder:
            return framed_json_decoder(schema, paths, self.numbers_in_strings, schemas)

        return FramedDecoder(self._settings, _KIND, knowing)

    def check_subject(self, input: Input, report: Report, stopping: Callable[[], bool]) -> None:
        """As `contract.SubjectCheck`: that the subject holds schemas of JSON, if there is a registry at all."""
        if not self.schema_registry:
            return
        from streamreg._formats.framed import check_subjects

        check_subjects(self, self._settings, input, report, stopping)

    def check_schema(
        self, subject: str, schema: RegisteredSchema, columns: Mapping[str, SourceType]
    ) -> None:
        """Raises ConfigurationError if a schema is none of JSON; what it asks of objects, they say themselves."""
        from streamreg._formats.framed import kind_checked

        kind_checked(subject, schema, _KIND)

    @property
    def _settings(self) -> Mapping[str, Any]:
        if isinstance(self.schema_registry, bool):
            raise ConfigurationError("schema_registry: the settings of the registry are missing")
        return self.schema_registry
