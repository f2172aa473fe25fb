"""Format: what those have in common whose fields a schema of a Schema Registry names: Avro and Protobuf."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar

from streamreg._core import json_decoder
from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._formats.options import check_paths, check_subject_name, chosen

if TYPE_CHECKING:
    from streamreg._core import Decoder as CoreDecoder
    from streamreg._formats.contract import Decoder, Found, Input
    from streamreg._formats.framed import Registered
    from streamreg._formats.schema_registry import RegisteredSchema
    from streamreg._source.contract import Report
    from streamreg._types import SourceType


@dataclass(frozen=True)
class RegisteredFormat(ABC):
    """Messages behind the frame of a registry, of one row each.

    Raises:
        ConfigurationError: if an option cannot be used.
    """

    schema_registry: Mapping[str, Any] | None = field(default=None, repr=False)  # holds secrets
    """The settings of the registry's client; None where a state describes the format."""

    subject: str | None = None
    """Whose latest schema is checked at the start; None: the name of each topic with `-value` behind it."""

    json_field_paths: Mapping[str, str] = field(default_factory=dict)
    """Columns that are no fields of the row itself, and JSON pointers (RFC 6901) through what stands in it."""

    preamble = None

    name: ClassVar[str]
    kind: ClassVar[str]
    """What a registry calls schemas of the format."""

    def __post_init__(self) -> None:
        """Check the options."""
        from streamreg._formats.schema_registry import checked_settings

        if self.schema_registry is not None:
            object.__setattr__(self, "schema_registry", checked_settings(self.schema_registry))
        check_subject_name(self.subject)
        object.__setattr__(self, "json_field_paths", check_paths(self.json_field_paths))

    @abstractmethod
    def _knowing(
        self, columns: Mapping[str, SourceType], schemas: Sequence[Registered]
    ) -> CoreDecoder:
        """The decoder that knows these schemas."""

    @abstractmethod
    def _problems(
        self, columns: Mapping[str, SourceType], schema: RegisteredSchema
    ) -> Sequence[tuple[str, str]]:
        """What keeps a schema from giving columns: of each the name, and why. ValueError if it is none."""

    def identity(self) -> Mapping[str, Any]:
        paths = {"json_field_paths": self.json_field_paths} if self.json_field_paths else {}
        return {"format": self.name, **paths, **chosen(self, "subject")}

    def check(self, columns: Mapping[str, SourceType]) -> None:
        try:
            json_decoder(list(columns.items()), self._paths)
        except ValueError as error:
            raise ConfigurationError(f"json_field_paths: {error}") from None

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> Decoder:
        from streamreg._formats.framed import FramedDecoder

        def knowing(schemas: Sequence[Registered]) -> CoreDecoder:
            return self._knowing(columns, schemas)

        return FramedDecoder(self._settings, self.kind, knowing)

    def check_subject(self, input: Input, report: Report, stopping: Callable[[], bool]) -> None:
        """As `contract.SubjectCheck`."""
        from streamreg._formats.framed import check_subjects

        check_subjects(self, self._settings, input, report, stopping)

    def check_schema(
        self, subject: str, schema: RegisteredSchema, columns: Mapping[str, SourceType]
    ) -> None:
        """Raises ConfigurationError if a schema does not give these columns."""
        from streamreg._formats.framed import kind_checked

        kind_checked(subject, schema, self.kind)
        try:
            problems = self._problems(columns, schema)
        except ValueError as error:
            raise ConfigurationError(f"schema of subject {subject!r}: {error}") from None
        if problems:
            listed = "; ".join(f"{name} ({columns[name]}): {why}" for name, why in problems)
            raise ConfigurationError(
                f"schema: the latest schema of subject {subject!r} does not give all columns: {listed}"
            )

    @classmethod
    def needed(cls) -> str:
        """What is said where the settings of the registry are missing."""
        return (
            f'schema_registry: format="{cls.name}" needs it, as in '
            "schema_registry={'url': 'http://localhost:8081'}"
        )

    @property
    def _paths(self) -> list[tuple[str, str]]:
        return list(self.json_field_paths.items())

    @property
    def _settings(self) -> Mapping[str, Any]:
        if self.schema_registry is None:
            raise ConfigurationError(self.needed())
        return self.schema_registry
