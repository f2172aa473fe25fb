"""Format CSV, of files: each has a header of its own, so that nothing is looked for before the first worker starts."""

from __future__ import annotations

from streamreg._dataclass import dataclass
from streamreg._formats.csv import Csv


@dataclass(frozen=True)
class CsvOfFiles(Csv):
    """Records of files. What their header names comes with each batch (`Batch.found`)."""

    @property
    def preamble(self) -> None:
        return None
