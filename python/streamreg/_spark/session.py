"""Spark, on the driver: the session that a run works in: one that is there, or one of its own."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import ConfigurationError, WorkerError
from streamreg._kafka.in_thread import Threads
from streamreg._spark.errors import first_line, said
from streamreg._spark.java_log import JavaEndedError, launched

if TYPE_CHECKING:
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

_CONF: Final = {
    "spark.app.name": "streamreg",
    "spark.ui.showConsoleProgress": "false",
}
"""Of a session of its own, unless the program or spark-submit says otherwise."""

_LOCAL_CLUSTER: Final = re.compile(r"local-cluster\[ *[0-9]+ *, *[0-9]+ *, *([0-9]+) *\]")
"""Spark's cluster on one machine: workers, cores of each, and its memory in MiB."""

_STOPPED: Final = "Cannot call methods on a stopped SparkContext"
"""What Spark says where something else is the reason."""

_BY_OTHERS: Final = "it was stopped; its log above says why, as a master that does not respond"
_LOOK: Final = 0.1
"""Seconds between two looks at whether the run is to stop while Spark starts."""

_NO_JAVA: Final = "there is no Java: install 17 or later, on the PATH or named by JAVA_HOME"
_NEEDS: Final = "Spark needs Java 17 or later, and a master and settings as spark-submit takes them"
_JAVA_ENDED: Final = f"its Java process has ended, and what that said stands above: {_NEEDS}"


def context_of(session: SparkSession) -> SparkContext:
    """The context of a session.

    Raises:
        ConfigurationError: if it has none here: the session of a remote server; or if it has ended.
    """
    try:
        context = session.sparkContext
    except Exception as error:
        raise ConfigurationError(
            f"engine: this session has no Spark context in this process ({type(error).__name__}): Spark Connect gives "
            "none: run the program by spark-submit, or give master="
        ) from error
    if has_ended(context):
        raise ConfigurationError(
            "engine: this session was stopped, or its Spark has ended: give one that runs"
        )
    return context


def has_ended(context: SparkContext) -> bool:
    """Whether no job can be run any more."""
    return why_ended(context) is not None


def why_ended(context: SparkContext, error: Exception | None = None) -> str | None:
    """Why no job can be run any more, as an error has it where it knows; None if one can."""
    if context._jsc is None:
        return "it was stopped"
    try:
        stopped = context._jsc.sc().isStopped()
    except Exception:  # Whatever the gateway raises.
        return "its process is gone"
    if not stopped:
        return None
    if error is None:
        return "it was stopped"
    return _BY_OTHERS if _STOPPED in str(error) else first_line(error)


def _check_settings(context: SparkContext, conf: Mapping[str, str]) -> None:
    """Raises ConfigurationError if a session that there is was made with other settings."""
    own = context.getConf()
    for name, value in conf.items():
        if own.get(name) != value:
            raise ConfigurationError(
                f"engine: conf: this process has a Spark session already, in which {name} is "
                f"{own.get(name) or 'not set'}: stop it, or leave {name} out"
            )


@contextmanager
def own_context(
    master: str | None, conf: Mapping[str, str], stopping: Callable[[], bool]
) -> Iterator[SparkContext | None]:
    """A context for one run; one that there is in this process is taken, and left as it is.

    One that a run has made is stopped by the last of the runs that have taken it. None if `stopping` says so before
    Spark has started, which can take a minute where a master does not respond.

    Raises:
        ConfigurationError: if there is one, and it is of another master, or was made with other settings.
        WorkerError: if Spark does not start.
    """
    with _turn:
        context = _active(master, conf)
        if context is None:
            context = _started(master, conf, stopping)
            if context is not None:
                _runs[id(context)] = 0
        own = id(context) in _runs
        if own:
            _runs[id(context)] += 1
    try:
        yield context
    finally:
        with _turn:
            if own and context is not None:
                _runs[id(context)] -= 1
                if not _runs[id(context)]:
                    del _runs[id(context)]
                    _stop(context)


_turn: Final = threading.Lock()
_runs: Final[dict[int, int]] = {}
"""How many runs have each context that was made for one of them."""


def _active(master: str | None, conf: Mapping[str, str]) -> SparkContext | None:
    """The context that there is in this process, if it can be taken."""
    from pyspark import SparkContext

    active = SparkContext._active_spark_context
    if active is None:
        return None
    if has_ended(active):
        _stop(active)
        return None
    if master is not None and master != active.master:
        raise ConfigurationError(
            f"engine: this process has a Spark session at {active.master} already: stop it, or leave out "
            f"master={master!r}"
        )
    _check_settings(active, conf)
    return active


def _started(
    master: str | None, conf: Mapping[str, str], stopping: Callable[[], bool]
) -> SparkContext | None:
    """Starts Spark, in a thread of its own; None if `stopping` says so meanwhile: it is stopped once it is there."""
    starting = Threads().start(partial(_made, master, conf))
    while not stopping():
        if wait([starting], _LOOK).done:
            return starting.result()
    starting.add_done_callback(_unwanted)
    return None


def _unwanted(starting: Future[SparkContext]) -> None:
    if starting.exception() is None:
        _stop(starting.result())


def _made(master: str | None, conf: Mapping[str, str]) -> SparkContext:
    """A context. Raises WorkerError, which says why there is none."""
    from pyspark import SparkContext

    _forget_java_that_ended()
    # Executors of this machine are to be of this environment.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    name = "Spark does not start" + ("" if master is None else f" at {master}")
    try:
        settings = _settings(master, conf)
        with SparkContext._lock:
            if SparkContext._gateway is None:
                SparkContext._ensure_initialized(gateway=launched(settings))
        context = SparkContext(conf=settings)
    except JavaEndedError as error:
        why = f"its Java process has ended ({error}): {_NEEDS}"
        raise WorkerError(f"{name}: {_NO_JAVA if _no_java() else why}") from error
    except Exception as error:
        if _forget_java_that_ended():
            why = _NO_JAVA if _no_java() else _JAVA_ENDED
        else:
            why = _BY_OTHERS if _STOPPED in str(error) else said(error)
        raise WorkerError(f"{name}: {why}") from error
    if has_ended(context):
        _stop(context)
        raise WorkerError(f"{name}: {_BY_OTHERS}")
    return context


def _settings(master: str | None, conf: Mapping[str, str]) -> SparkConf:
    """Those of a session of a run's own; what the program does not say is as spark-submit has it."""
    from pyspark import SparkConf

    settings = SparkConf()
    for name, value in conf.items():
        settings.set(name, value)
    if master is not None:
        settings.setMaster(master)
    settings.setIfMissing("spark.master", "local[*]")
    memory = _LOCAL_CLUSTER.fullmatch(settings.get("spark.master", ""))
    if memory is not None:
        # More than a worker of it has would be asked for.
        settings.setIfMissing("spark.executor.memory", f"{memory[1]}m")
    for name, value in _CONF.items():
        settings.setIfMissing(name, value)
    return settings


def _stop(context: SparkContext) -> None:
    """Ends Spark; where it has ended by itself nobody there is asked, and this process can start another."""
    if has_ended(context):
        context._jsc = None
    context.stop()
    _forget_java_that_ended()


def _forget_java_that_ended() -> bool:
    """Whether Spark's process of Java has ended; another can be started then."""
    from pyspark import SparkContext

    java = getattr(SparkContext._gateway, "proc", None)
    if java is None or java.poll() is None:
        return False
    if java.stdin is not None:
        java.stdin.close()
    SparkContext._gateway = SparkContext._jvm = None
    return True


def _no_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java" if home is None else os.path.join(home, "bin", "java")) is None
