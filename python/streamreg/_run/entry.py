"""Run: what a program calls. Worker processes start first, and import side by side with this one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamreg._exceptions import ConfigurationError
from streamreg._language.outputs import Output, taken
from streamreg._path import checked_path
from streamreg._process import quick_imports
from streamreg._run.processes import asked_for, cores
from streamreg._run.signals import StopSignals
from streamreg._terminal.standard_streams import hold
from streamreg._worker import spawn

if TYPE_CHECKING:
    from streamreg._run.progress import Progress, Summary
    from streamreg._serve.address import ListenArgument
    from streamreg._state.store import Durability
    from streamreg._worker.contract import Engine


def run(
    *,
    outputs: Sequence[Output] | None = None,
    processes: int | None = None,
    state: str | os.PathLike[str] | None = None,
    durability: Durability = "process",
    rejects: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    max_rejects: int | None = None,
    progress: bool | Callable[[Progress], None] | None = None,
    stop: Callable[[Progress], bool] | None = None,
    listen: ListenArgument | None = None,
    engine: Engine | None = None,
    drop_undelivered: bool = False,
) -> Summary:
    """Runs the program's outputs: reads the source, writes the changelogs, until stopped.

    Ends by itself when a source read with mode="static" is at its end. SIGINT (Ctrl-C) and SIGTERM end it within
    five seconds, with the last epoch closed and the files complete. Worker processes do not run the main module of
    the program again, so that it needs no `if __name__ == "__main__"`.

    Several runs may go on in threads of one process, each with `outputs` of its own; signals then end the one in the
    main thread. Outputs are forgotten when their run has ended, not if it has failed: `clear` forgets them in any case.

    Args:
        outputs: what functions like `io.csv.write` have returned, for a program with several runs. Default: all
            outputs that were defined and have not been run.
        processes: number of worker processes; 0 does all work in this one. Default: the environment variable
            STREAMREG_PROCESSES, else the number of partitions or of cores, whichever is less, and 3 at most: all
            processes together then stay below 400 MB. Each further one takes some 80 MB. In a daemonic process (of a
            multiprocessing.Pool, of Celery or Airflow), which may have no children, the default is 0.
        state: a directory for the run's checkpoint. With it a run goes on where the last one ended, after any crash,
            with no row lost, doubled or torn. Without it every run begins anew, and with new files.
        durability: what an epoch survives once it is closed: "process", a crash of all processes; "power", a
            power cut of the machine too, at the price of waiting for the disk at each epoch. After a power cut a state
            without it may be refused as damaged.
        rejects: file for the messages that do not fit the schema, as JSON lines; or a topic, as `{"topic": "dead"}`,
            with `rdkafka_settings` of its own if it is not on the cluster of the source, and `create` as
            `io.kafka.write` has it. A message of the topic has key, value, timestamp and headers of the one that did
            not fit, and behind them headers that say why and where it stood (`streamreg.reason`, `streamreg.topic` and
            so on); each is sent once, in transactions. `streamreg replay-rejects` sends them again from either. They
            are counted in any case.
        max_rejects: how many messages this run may reject; when there are more, it closes the epoch and ends with
            RejectsError. Default: any number.
        progress: called after each epoch, and about once a second when nothing comes; True shows a line on stderr,
            which is the default on a terminal.
        stop: called as often; the run ends cleanly when it returns True.
        listen: "host:port", such as "127.0.0.1:9464": serves metrics for Prometheus, health, and the live results over
            HTTP there, by a process of its own that the run never waits for (`/openapi.json` says what there is). Needs
            `streamreg[serve]`. Beyond this machine only with a token, of the environment variable STREAMREG_TOKEN, or
            with the options in a dict: `{"address": …, "token": …, "insecure": …, "hosts": …}`.
        engine: where messages are read and processed, if not by processes of this machine: `sr.engines.spark(…)`. The
            results are the same, and a state goes on with any of them.
        drop_undelivered: gives up, for good, the changes that wait in the state for a table or topic which the program
            does not write any more, and says how many: where it will never take one of them, such as a text that its
            database cannot hold. Otherwise such a program is refused until they are delivered.

    Raises:
        ProgramError: if nothing is written, or the outputs do not come from one source.
        ConfigurationError: naming the setting that cannot be used.
        SourceError: if the source refuses for good (password, missing topic, deleted offsets).
        OutputError: if an output exists already or cannot be written.
        StateError: if the state is damaged, in use, of another job or of a newer version.
        RejectsError: if more than `max_rejects` messages were rejected.
        WorkerError: with the traceback of a worker, if a function given to `apply` raises.
    """
    wanted = asked_for(processes) if engine is None else _of_engine(engine, processes)
    most = _max_rejects(max_rejects)
    with taken(outputs) as chosen, StopSignals() as signals, _spares(wanted) as spares:
        # Late: it brings NumPy, while the workers import what they need.
        with quick_imports():
            from streamreg._run.run import Options, run_outputs

        return run_outputs(
            chosen,
            progress,
            Options(
                processes=wanted,
                state=None if state is None else Path(checked_path(state, "state", "a directory")),
                durability=durability,
                rejects=rejects,
                max_rejects=most,
                progress=progress if callable(progress) else None,
                stop=stop,
                signals=signals,
                spares=spares,
                listen=listen,
                engine=engine,
                drop_undelivered=drop_undelivered,
            ),
        )


@contextlib.contextmanager
def _spares(wanted: int | None) -> Iterator[list[spawn.WorkerProcess]]:
    """Worker processes that import what they need meanwhile; those that nobody has taken are ended.

    Not more than can do so side by side; one, where it is left to the topic how many there are to be.
    """
    hold()
    spares: list[spawn.WorkerProcess] = []
    try:
        # What the system refuses it refuses the pool too, which says what to do.
        with contextlib.suppress(OSError):
            for index in range(1 if wanted is None else min(wanted, cores())):
                spares.append(spawn.worker_process(index))
        yield spares
    finally:
        for spare in spares:
            spare.kill()


def _of_engine(engine: object, processes: int | None) -> int:
    """The worker processes beside an engine: none. Raises ConfigurationError if some were asked for."""
    if not hasattr(engine, "started"):
        raise ConfigurationError(
            f"engine: expected one of streamreg.engines, as engines.spark(), found {engine!r}"
        )
    if processes is not None:
        raise ConfigurationError(
            f"processes: {processes!r} were asked for, but the engine has processes of its own: leave it out"
        )
    return 0


def _max_rejects(argument: int | None) -> int | None:
    if argument is not None and (
        isinstance(argument, bool) or not isinstance(argument, int) or argument < 0
    ):
        raise ConfigurationError(f"max_rejects: expected 0 or more, found {argument!r}")
    return argument
