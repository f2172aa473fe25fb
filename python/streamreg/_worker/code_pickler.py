"""Worker: what writes a task: with the code of functions by value, and the names of the files that it is from."""

from __future__ import annotations

import io
import marshal
from types import CodeType
from typing import Any

import cloudpickle


class CodePickler(cloudpickle.Pickler):  # type: ignore[misc]  # it ships no types
    """Keeps the names of the files that code is from, and notes them: some releases of cloudpickle take them away."""

    def __init__(self, file: io.BytesIO, protocol: int) -> None:
        super().__init__(file, protocol=protocol)
        self.files: set[str] = set()

    def reducer_override(self, found: object) -> Any:  # noqa: ANN401  # as pickle has it
        if isinstance(found, CodeType):
            try:
                code = marshal.dumps(found)
            except ValueError:  # a constant in it is of a type that no compiler puts there
                return NotImplemented
            self.files.add(found.co_filename)
            return marshal.loads, (code,)
        return super().reducer_override(found)
