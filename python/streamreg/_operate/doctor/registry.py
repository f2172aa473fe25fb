"""Doctor: the Schema Registry: is it there, does it let the job in, and does the latest schema give the columns?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._formats.framed import looked_up, subjects_of
from streamreg._formats.json import Json
from streamreg._formats.registered import RegisteredFormat
from streamreg._operate.doctor.outcomes import SkipError, TroubleError

if TYPE_CHECKING:
    from streamreg._formats.contract import Input


def registry(input: Input) -> str:
    """What there is to say of the subject of a job's messages.

    Raises:
        SkipError: if the format has no registry.
        TroubleError: if there is no such subject.
        SourceError: if the registry cannot be reached, or does not let the job in.
        ConfigurationError: if its settings cannot be used, or the schema does not give the columns.
    """
    format = input.format
    if not isinstance(format, RegisteredFormat | Json) or not isinstance(
        format.schema_registry, dict
    ):
        raise SkipError("the messages have no registry")
    subjects = subjects_of(format, input.source)
    for subject in subjects:
        schema = looked_up(format.schema_registry, subject)
        if schema is None:
            raise TroubleError(
                f"there is no subject {subject!r}: if the producer names it otherwise, say so in source.subject"
            )
        format.check_schema(subject, schema, input.fields)
    named = ", ".join(map(repr, subjects))
    if len(subjects) > 1:
        return f"the latest schemas of the subjects {named} give all columns"
    return f"the latest schema of subject {named} gives all columns"
