"""Errors go from process to process: those of the public tree, of commands, and of the core, whole."""

import copy
import importlib
import pickle
import pkgutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

import streamreg as sr
from streamreg._jobs.job import JobError

ARGUMENTS: dict[type[Exception], tuple[object, ...]] = {
    JobError: ("job.toml", [f"key {number}: unknown" for number in range(30)])
}
"""Of those that are made of more than a text."""


def _kinds(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def kinds() -> list[type[Exception]]:
    """All errors that are raised on purpose, wherever they are defined."""
    for module in pkgutil.walk_packages(sr.__path__, "streamreg."):
        # The jobs of rivals are programs of their own, which need these.
        if not module.name.startswith(("streamreg._bench.jobs", "streamreg.__main__")):
            importlib.import_module(module.name)
    return [*sorted(set(_kinds(sr.StreamregError)), key=lambda kind: kind.__name__)]


def example(kind: type[Exception]) -> Exception:
    error = kind(*ARGUMENTS.get(kind, ("rejects.jsonl:7: is no JSON object",)))
    error.add_note("while the file was read")
    error.attempt = 3  # type: ignore[attr-defined]  # what a program may hang on it
    return error


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_errors_are_pickled_and_copied_whole(kind: type[Exception]) -> None:
    """Type, text, arguments, notes and attributes come through pickle, of any protocol, and copy."""
    error = example(kind)
    copies = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(6)]
    for again in [*copies, copy.copy(error), copy.deepcopy(error)]:
        assert type(again) is kind
        assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))


def fail(kind: type[Exception]) -> None:
    raise example(kind)


def test_errors_come_out_of_a_users_pool() -> None:
    """What a function raises in a worker of a pool is what its caller catches; the pool goes on."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for kind in (sr.DeadLetterError, JobError, sr.WorkerError):
            with pytest.raises(kind) as caught:
                pool.submit(fail, kind).result(60)
            assert caught.value.__notes__[0] == "while the file was read"
