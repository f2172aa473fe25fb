"""Doctor: everything that a job needs, looked at in the order in which a run needs it, one line each.

Nothing is changed anywhere: no topic or group is made, no offset committed, no file written. `network` looks at the
network, `broker` at the broker, `registry` at the Schema Registry, `files` at files that are read in place of a topic,
`listen` at where the run is served, `disk` at outputs and state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

from streamreg._dataclass import dataclass
from streamreg._exceptions import StreamregError
from streamreg._jobs import Job, load_job
from streamreg._jobs.run_job import check_job
from streamreg._operate.doctor import network
from streamreg._operate.doctor.broker import Broker
from streamreg._operate.doctor.disk import Disk
from streamreg._operate.doctor.files import Files
from streamreg._operate.doctor.group import group
from streamreg._operate.doctor.listen import listen
from streamreg._operate.doctor.outcomes import NotYetError, SkipError, TroubleError
from streamreg._operate.doctor.registry import registry
from streamreg._plan.plan import Plan
from streamreg._secrets import scrub

Status = Literal["ok", "FAIL", "skip"]

CHECKS = (
    "job file",
    "address",
    "tcp",
    "tls",
    "sasl",
    "metadata",
    "topic",
    "partitions",
    "read",
    "reader",
    "registry",
    "header",
    "group",
    "listen",
    "state",
    "outputs",
)
"""The checks, in their order."""


@dataclass(frozen=True)
class Line:
    """What came of a check."""

    status: Status
    check: str
    text: str

    def __str__(self) -> str:
        return f"{self.status:<4}  {self.check:<10}  {self.text}"


def examine(path: Path) -> Iterator[Line]:
    """Looks at all that the job in this file needs. Takes some seconds for each thing that does not respond.

    Args:
        path: a job file.

    Yields:
        One line for each of `CHECKS`, of "outputs" one for each output, without secrets: what is well, what is not and
        which setting to change, or why it was not looked at.
    """
    examination = _Examination()
    loaded: list[tuple[Job, Plan]] = []

    def load() -> str:
        job = load_job(path)
        examination.settings = dict(job.source.kafka)
        loaded.append((job, check_job(job)))
        return f"{path} is valid"

    yield examination.line("job file", load)
    if not loaded:
        for check in CHECKS[1:]:
            yield Line("skip", check, "job file first")
        return
    [(job, plan)] = loaded
    disk = Disk(job, plan)
    if job.source.path:
        yield from _of_files(examination, job, plan, disk)
        return
    net = network.Network(job.source.kafka)
    with closing(Broker(job, plan, net, disk)) as broker:
        yield examination.line("address", net.resolve)
        yield examination.line("tcp", net.connect, after="address")
        yield examination.line("tls", broker.tls, after="tcp")
        yield examination.line("sasl", broker.sasl, after="tls")
        yield examination.line("metadata", broker.metadata, after="sasl")
        yield examination.line("topic", broker.topic, after="metadata")
        yield examination.line("partitions", broker.partitions, after="topic")
        yield examination.line("read", broker.read, after="partitions")
        yield examination.line("reader", broker.reader, after="read")
        yield examination.line("registry", lambda: registry(plan.input))
        yield examination.line("header", broker.header, after="read", besides="registry")
        yield examination.line("group", lambda: group(job.source.kafka), after="metadata")
    yield examination.line("listen", lambda: listen(job, disk.running))
    yield examination.line("state", lambda: disk.state(broker.source, broker.watermarks))
    yield from _outputs(examination, disk)


def _of_files(examination: _Examination, job: Job, plan: Plan, disk: Disk) -> Iterator[Line]:
    """Where files are read, there is no broker to be asked."""
    files = Files(plan, disk)
    looks = {
        "topic": files.found,
        "partitions": files.lengths,
        "read": files.read,
        "header": files.header,
        "listen": lambda: listen(job, disk.running),
        "state": lambda: disk.state(files.source, files.watermarks),
    }
    after = {"partitions": "topic", "read": "partitions", "header": "read"}
    for check in CHECKS[1:-1]:
        look = looks.get(check, files.no_broker)
        yield examination.line(check, look, after=after.get(check))
    yield from _outputs(examination, disk)


def _outputs(examination: _Examination, disk: Disk) -> Iterator[Line]:
    for name, look in disk.outputs.items():
        line = examination.line("outputs", look, after="state")
        named = line.text.startswith(name)
        yield line if named else Line(line.status, line.check, f"{name}: {line.text}")


class _Examination:
    """Runs the checks, and knows which of them went wrong."""

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        self._blocked: set[str] = set()

    def line(
        self,
        check: str,
        look: Callable[[], str],
        after: str | None = None,
        besides: str | None = None,
    ) -> Line:
        """The line of a check, which is skipped if one that it builds upon went wrong."""
        for before in (after, besides):
            if before in self._blocked:
                self._blocked.add(check)
                return Line("skip", check, f"{before} first")
        status: Status = "ok"
        try:
            text = look()
        except SkipError as reason:
            status, text = "skip", str(reason)
            if isinstance(reason, NotYetError):
                self._blocked.add(check)
        except (TroubleError, StreamregError, OSError) as error:
            self._blocked.add(check)
            status, text = "FAIL", str(error)
        return Line(status, check, scrub(" ".join(text.split()), self.settings))
