"""Spark, on the driver: what its errors say to people: without where in Java it was."""

from __future__ import annotations

from typing import Final

from streamreg._exceptions import ConfigurationError, WorkerError

_ADVICE: Final = {
    "No module named 'streamreg'": "streamreg is not installed on the executors: install the same wheel on each",
    "No module named 'confluent_kafka'": "the Kafka client is not installed on the executors: install streamreg by pip",
    "PYTHON_VERSION_MISMATCH": "the executors run another Python than the driver: set PYSPARK_PYTHON",
    "Cannot run program": "the executors do not find the Python that PYSPARK_PYTHON names: set it to one that each has",
}
"""What a failure comes of that no retry mends."""

_MEMORY: Final = "take fewer messages in a batch (max_rows), or give Spark more memory ({})"
_TOO_LARGE: Final = {
    "OutOfMemoryError": _MEMORY.format("spark.driver.memory, spark.executor.memory"),
    "maxResultSize": _MEMORY.format("spark.driver.maxResultSize"),
}
"""What makes a failure less likely."""

_CALLING: Final = "An error occurred while calling"


def said(error: Exception) -> str:
    """The reason in an error's text; a first line of its own says what has failed."""
    text = str(error).partition("\n\tat ")[0].strip()
    head, _, rest = text.partition("\n")
    if head.startswith(_CALLING) and rest:
        text = rest.removeprefix(": ").strip()
    return text or type(error).__name__


def of_spark(error: Exception) -> bool:
    """Whether Spark has raised it, or what calls its Java."""
    return type(error).__module__.partition(".")[0] in ("pyspark", "py4j")


def check_installed(error: Exception) -> None:
    """Raises ConfigurationError if a job has failed because executors lack what a task needs."""
    text = str(error)
    for sign, advice in _ADVICE.items():
        if sign in text:
            raise ConfigurationError(f"engine: {advice}") from error


def remedy(text: str) -> str:
    """What can be done about it, if that is known, as an end of a sentence."""
    return next((f"; {words}" for sign, words in _TOO_LARGE.items() if sign in text), "")


def ended(name: str, why: str) -> WorkerError:
    """What a run ends with when Spark of this name has ended under it."""
    return WorkerError(
        f"{name} has ended ({why}): what was merged is in the state, from which a new run goes on{remedy(why)}"
    )


def first_line(error: Exception) -> str:
    """The first line of it."""
    return said(error).partition("\n")[0]
