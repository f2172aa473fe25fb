"""A job of which states are kept, and what can be opened in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

import streamreg as sr

Topic = list[list[bytes | None]]
"""The messages of each partition."""

REJECTS: Final = "rejects.jsonl"
STATE: Final = "state"


@dataclass(frozen=True)
class Opening:
    """A model that an estimator finds in a state."""

    estimator: str
    output: str
    key: Any = None

    def open(self) -> Any:  # noqa: ANN401  # estimators have no class in common
        """The estimator with that model.

        Raises:
            StateError: if the state says nothing of models.
        """
        chosen = {} if self.key is None else {"key": self.key}
        return getattr(sr, self.estimator).from_state(STATE, output=self.output, **chosen)


@dataclass(frozen=True)
class Job:
    """What runs over which topic, and what can be opened in its state."""

    write: Callable[[Topic], None]
    """Makes the program over such a topic: its outputs are in the current folder."""

    topic: Topic
    first: Sequence[int]
    """Of each partition that there is at first, how many messages."""

    rejects: bool = False
    needs: str = "linear_regression"
    """A method of tables that not every build has."""

    openings: Sequence[Opening] = field(default=())

    def beginning(self) -> Topic:
        """The topic as it is at first."""
        return [messages[:count] for messages, count in zip(self.topic, self.first, strict=False)]

    def run(self, topic: Topic, stop: Callable[[sr.Progress], bool] | None = None) -> sr.Summary:
        """Begins or continues the job in the current folder, and ends with the topic or where `stop` says so."""
        self.write(topic)
        rejects = REJECTS if self.rejects else None
        return sr.run(processes=0, state=STATE, rejects=rejects, stop=stop)


def found_models(job: Job) -> list[dict[str, Any] | None]:
    """What estimators say that open a job's models in its state; None where it says nothing of them."""
    found: list[dict[str, Any] | None] = []
    for opening in job.openings:
        try:
            model = opening.open()
        except (AttributeError, sr.StateError):
            found.append(None)  # As builds and states before format 2.
            continue
        parts = ("coef_", "intercept_", "classes_", "means_", "var_")
        found.append({part: plain(getattr(model, part)) for part in parts if hasattr(model, part)})
    return found


def plain(value: object) -> object:
    """Arrays as lists, which JSON has."""
    return value.tolist() if isinstance(value, np.ndarray) else value
