"""Doctor: what the Kafka client, the same that a run uses, finds of the broker, the topic and the group."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import cached_property

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin._metadata import BrokerMetadata, TopicMetadata

from streamreg._core import HandOverError
from streamreg._exceptions import StateError
from streamreg._formats.contract import Found, events_of
from streamreg._jobs import Job
from streamreg._kafka import client as kafka_client
from streamreg._kafka.source import KafkaSource
from streamreg._operate.doctor.disk import Disk
from streamreg._operate.doctor.metadata import REFUSALS, Outcome, ask
from streamreg._operate.doctor.network import Network, reach
from streamreg._operate.doctor.outcomes import NoTlsError, SkipError, TroubleError
from streamreg._operate.doctor.topics import check_topics
from streamreg._plan.plan import Plan
from streamreg._plural import plural
from streamreg._run.resume import positions
from streamreg._source.contract import Range, Watermarks, short_name
from streamreg._source.messages import Origin
from streamreg._state.checkpoint import Checkpoint

_SECONDS = 8.0
"""How long a response is waited for after the first error, and at least."""
_TIMES = 20
"""What takes longer than so many times the first response will not come: a far broker is slow for each."""
_SHOWN = 5
_PAUSE = 0.2


class Broker:
    """The checks that need a client. Each builds on those before it."""

    def __init__(self, job: Job, plan: Plan, network: Network, disk: Disk) -> None:
        """Connects to nothing yet."""
        self._waits_for_topic = bool(job.source.wait_for_topic)
        self._network = network
        self._disk = disk
        self._settings = job.source.kafka
        assert isinstance(plan.source, KafkaSource)
        # What is not there is not waited for.
        self.source = replace(plan.source, mode="static")
        self._input = replace(plan.input, source=self.source)
        self._patience = _SECONDS
        self.watermarks: dict[int, Watermarks] = {}
        """What the partitions hold, as far as that is known."""

    def close(self) -> None:
        """Frees connections."""
        self.source.close()

    @cached_property
    def _outcome(self) -> Outcome:
        # A broker that responds at all to an unknown client is there, however far it is.
        silent = self._network.language() == "other"
        started = time.monotonic()
        outcome = ask(self._settings, self.source.asked, _SECONDS, silent=silent)
        self._patience = max(_SECONDS, _TIMES * (time.monotonic() - started))
        return outcome

    def tls(self) -> str:
        """Encryption as the settings have it."""
        if "ssl" not in self._network.protocol:
            if self._network.language() == "tls":
                tls = "sasl_ssl" if "sasl" in self._network.protocol else "ssl"
                raise TroubleError(f"the broker speaks TLS there: set security.protocol={tls}")
            raise SkipError(f"security.protocol={self._network.protocol}: nothing is encrypted")
        try:
            described = self._network.handshake()
        except NoTlsError:
            raise
        except TroubleError:
            # The client may know more certificates; a broker that asked it for a password has let it in that far.
            if self._outcome.metadata or self._outcome.error(KafkaError._AUTHENTICATION):
                return "the client accepts the broker's certificate"
            raise
        refusal = self._outcome.error(KafkaError._SSL)
        if refusal is not None and self._outcome.metadata is None:
            raise TroubleError(
                f"{refusal.str()}: check ssl.ca.location and, if the broker wants to see a certificate of the "
                "client, ssl.certificate.location and ssl.key.location"
            )
        return described

    def sasl(self) -> str:
        """User and password."""
        outcome = self._outcome
        mechanism = self._settings.get("sasl.mechanism", self._settings.get("sasl.mechanisms"))
        if "sasl" not in self._network.protocol:
            encrypted = "ssl" in self._network.protocol
            if outcome.metadata is None and (encrypted or self._network.language() == "kafka"):
                raise TroubleError(
                    "the broker is there, but does not respond to a client without a user: if it wants one, set "
                    f"security.protocol=sasl_{self._network.protocol}, sasl.mechanism, sasl.username and sasl.password"
                )
            raise SkipError(f"security.protocol={self._network.protocol}: no user")
        refusal = outcome.error(*REFUSALS)
        if outcome.metadata is None and refusal is not None:
            raise TroubleError(
                f"{refusal.str()}: check sasl.mechanism ({mechanism}), sasl.username and sasl.password"
            )
        if outcome.metadata is None:
            raise SkipError("the client does not get so far")
        return f"{self._settings.get('sasl.username', 'the user')} is let in by {mechanism}"

    def metadata(self) -> str:
        """The cluster, and whether its brokers can be reached at the addresses that they advertise."""
        outcome = self._outcome
        if outcome.metadata is None:
            # The first is the cause: others follow from it.
            why = f" ({outcome.errors[0].str()})" if outcome.errors else ""
            raise TroubleError(
                f"no response in {_SECONDS:g} s{why}: check bootstrap.servers and security.protocol"
            )
        brokers: list[BrokerMetadata] = list(outcome.metadata.cluster.brokers.values())
        for broker in brokers:
            error = reach(broker.host or "", broker.port or 0)
            if error is not None:
                raise TroubleError(
                    f"broker {broker.id} advertises {broker.host}:{broker.port}, which cannot be reached from "
                    f"here ({error}): change the broker's advertised.listeners, or make that name known here"
                )
        places = [f"{broker.host}:{broker.port}" for broker in brokers[:_SHOWN]]
        more = ["…"] if len(brokers) > _SHOWN else []
        return f"{plural(len(brokers), 'broker')}: {', '.join(places + more)}"

    def topic(self) -> str:
        """Is the topic there, or all of them?"""
        check_topics(self.source.asked, self._metadata, self._names, waits=self._waits_for_topic)
        checkpoint = self._checkpoint()
        self.source.pin(None if checkpoint is None else checkpoint.identity, _ignore, self._lasts())
        return ", ".join(self._metadata)

    def _names(self) -> list[str]:
        """The topics that the user may see; none if the broker does not list them."""
        consumer = kafka_client.consumer(self._settings, 1, lambda error: None)
        try:
            return list(consumer.list_topics(timeout=_SECONDS).topics)
        except KafkaException:
            return []
        finally:
            consumer.close()

    @property
    def _metadata(self) -> Mapping[str, TopicMetadata]:
        if self._outcome.metadata is None:
            raise SkipError("no metadata")
        return self._outcome.metadata.topics

    def partitions(self) -> str:
        """Does every partition have a leader, and what does it hold?"""
        partitions = {
            Origin(topic, number): partition
            for topic, found in self._metadata.items()
            for number, partition in sorted(found.partitions.items())
        }
        headless = [at for at, found in partitions.items() if found.leader < 0]
        if headless:
            several = len(self._metadata) > 1
            shown = ", ".join(
                at.short if several else str(at.partition) for at in headless[:_SHOWN]
            )
            raise TroubleError(
                f"no leader for {len(headless)} of {plural(len(partitions), 'partition')} ({shown}): "
                "are all brokers of the cluster running?"
            )
        self.watermarks = self.source.watermarks(_ignore, self._lasts())
        if not self.watermarks:
            raise TroubleError(f"the leaders do not give their offsets in {self._patience:.0f} s")
        held = sum(watermark.high - watermark.low for watermark in self.watermarks.values())
        of = f" of {plural(len(self._metadata), 'topic')}" if len(self._metadata) > 1 else ""
        return f"{plural(len(partitions), 'partition')}{of}, offsets of {plural(held, 'message')}"

    def read(self) -> str:
        """May the user read, and does a message come?"""
        self._same_log()
        partition = next((p for p, e in self.watermarks.items() if e.low < e.high), 0)
        value = self._first_message(partition)
        if value is None:
            return "nothing to read yet"
        return f"the first message of {self._named(partition)} has {plural(len(value), 'byte')}"

    def reader(self) -> str:
        """Who is to read, and whether that goes."""
        if self.source.obstacle_to_native_reading is not None:
            return f"{self.source.reads}"
        partition, at = next(
            ((p, e) for p, e in self.watermarks.items() if e.low < e.high), (0, None)
        )
        if at is None:
            return "natively, as soon as there is a message"
        native = self.source.native_reader({partition: Range(at.low, at.high, untouched=False)})
        with closing(native):
            late = self._lasts()
            try:
                while not late():
                    if native.read(_PAUSE) is not None:
                        return "natively"
            except HandOverError as error:
                return f"by the client: {error}"
        return f"by the client: nothing comes natively in {self._patience:.0f} s"

    def _first_message(self, partition: int) -> bytes | None:
        first = {partition: self.watermarks[partition]}
        for _, value in self.source.first_messages(first, _ignore, self._lasts()):
            return value
        raise TroubleError(
            f"{self._named(partition)} gives no message in {self._patience:.0f} s: are all brokers of the cluster well?"
        )

    def _named(self, partition: int) -> str:
        return f"partition {short_name(self.source, partition)}"

    def header(self) -> str:
        """What the format must find in the topic first; else: does a first message fit the schema?"""
        filled = [p for p, watermark in self.watermarks.items() if watermark.low < watermark.high]
        preamble = self._input.format.preamble
        if preamble is None:
            return self._first_row(filled)
        found = self._remembered()
        if found is not None:
            return f"{preamble.shown(found)}, as the state remembers"
        found = preamble.find(self._input, self.watermarks, _ignore, self._lasts())
        if found is None and len(filled) == len(self.watermarks):
            raise TroubleError(
                f"the first messages do not come in {self._patience:.0f} s: are all brokers of the cluster well?"
            )
        if found is None:
            wanted = preamble.wanted(self._input.fields)
            raise SkipError(f"no message yet: the first must be {wanted}")
        return preamble.shown(found)

    def _lasts(self) -> Callable[[], bool]:
        """Tells when it has lasted long enough."""
        stop_at = time.monotonic() + self._patience
        return lambda: time.monotonic() > stop_at

    def _remembered(self) -> Found:
        checkpoint = self._checkpoint()
        return None if checkpoint is None else checkpoint.found

    def _checkpoint(self) -> Checkpoint | None:
        try:
            return self._disk.checkpoint
        except StateError:
            return None  # which has a line of its own

    def _same_log(self) -> None:
        """Raises SourceError if what the state has read is not what the log holds."""
        checkpoint = self._checkpoint()
        if checkpoint is not None:
            inside = {
                p: at
                for p, at in positions(checkpoint).items()
                if p in self.watermarks
                and self.watermarks[p].low <= at.start <= self.watermarks[p].high
            }
            self.source.check_log(inside, _ignore, self._lasts())

    def _first_row(self, partitions: list[int]) -> str:
        """The first messages, of one partition after the other, until one is a row."""
        format = self._input.format
        decoder, events = format.decoder(self._input.fields, None), events_of(format)
        why = ""
        for partition in partitions[:_SHOWN]:
            named = self._named(partition)
            value = self._first_message(partition)
            if not value:
                continue
            rows: list[bytes | None] = [value]
            if events is not None:
                split = events([value])
                rows = split.after
                for _, kind, detail in split.rejects:
                    why = why or f"{named}: {kind}{f': {detail}' if detail else ''}"
            decoded = decoder.decode(rows)
            if decoded.rows:
                return f"the first message of {named} fits the schema"
            for _, kind, column, detail in decoded.rejects:
                at = f" in column {column}" if column is not None else ""
                why = why or f"{named}: {kind}{at}{f': {detail}' if detail else ''}"
        if why:
            raise TroubleError(
                f"the first message does not fit ({why}): check schema, source.format and source.header"
            )
        raise SkipError("no message yet")


def _ignore(text: str) -> None:
    """What passes by itself is no finding."""
