"""Estimator, from a run's state: finds the classes of a table in a checkpoint, with the job's options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamreg._core import Classes
from streamreg._dataclass import dataclass
from streamreg._estimators.open_windows import AskedWindow, window_of
from streamreg._estimators.select_model import Described, Kind, chosen, keyed_reduction, opening
from streamreg._exceptions import ConfigurationError
from streamreg._language.discriminant import METHODS
from streamreg._state import snapshot
from streamreg._state.program_data import class_model_of
from streamreg._types import ClassMethod, ClassModel, shortened


@dataclass(frozen=True)
class FoundClasses:
    """The classes of a run."""

    classes: Classes
    columns: tuple[str, ...]
    model: ClassModel

    @property
    def options(self) -> dict[str, Any]:
        """The job's, as the classifiers call them."""
        priors = self.model.priors
        return {
            "priors": None if priors is None else [prior for _, prior in priors],
            "unbiased": self.model.unbiased,
            "var_smoothing": self.model.smoothing,
        }

    @property
    def declared(self) -> tuple[bool | int | str, ...] | None:
        """The labels that have priors, if any have."""
        priors = self.model.priors
        return None if priors is None else tuple(label for label, _ in priors)


def find_classes(
    directory: Path, output: str | None, method: ClassMethod, window: AskedWindow
) -> FoundClasses:
    """The classes that an output of a run shows, for a method of classification; of one window if they are of windows.

    Raises:
        StateError: as `find` does.
        ConfigurationError: if there is no such output or window, several to choose from, or a class without a prior.
    """
    checkpoint = snapshot.read(directory)
    kind = Kind(
        "classification",
        "table of classes",
        METHODS[method],
        _title,
        lambda one: one["model"]["method"] == method,
    )
    described = chosen(directory, checkpoint, output, kind)
    with opening(directory):
        windows = window_of(checkpoint, described, window, None, _title(described))
        if windows is not None:
            classes = windows.reduction.classes(windows.window, described["aggregate"])
        else:
            classes = keyed_reduction(checkpoint, described).classes(described["aggregate"])
        model = class_model_of(described["model"])
        found = FoundClasses(classes, tuple(described["columns"]), model)
    for label in classes.labels:
        if found.declared is not None and label not in found.declared:
            raise ConfigurationError(f"the job's priors have none for the class {label!r}")
    return found


def _title(described: Described) -> str:
    return shortened(f"{described['label']} by {', '.join(described['columns'])}")
