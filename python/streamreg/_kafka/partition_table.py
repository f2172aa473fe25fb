"""Source, Kafka: by which number each partition of several topics is called: everywhere but where a broker is asked.

Partitions are numbered as they are found, and keep their numbers: the table is what a state knows of the topics. Of one
topic the numbers are its own, and a state knows its id alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, KeysView, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from streamreg._exceptions import SourceError
from streamreg._kafka.topic_id import check_topic_id
from streamreg._source.messages import Origin

if TYPE_CHECKING:
    from streamreg._kafka.topics import Topics
    from streamreg._source.contract import Identity

Place: TypeAlias = tuple[str, int]
"""A topic, and one of its partitions."""

_TOPICS: Final = "topics"
_PARTITIONS: Final = "partitions"
_MOST_PARTITION: Final = 2**31 - 1


class PartitionTable:
    """The topics that were found, their ids, and the numbers of their partitions."""

    def __init__(self, topics: Topics) -> None:
        """Nothing is found yet."""
        self._asked = topics
        self._ids: dict[str, str | None] = {}
        self._places: list[Place] = []
        self._numbers: dict[Place, int] = {}

    @property
    def alone(self) -> str | None:
        """The topic, if there can be no other: its partitions have their own numbers."""
        return self._asked.alone

    @property
    def name(self) -> str:
        """What messages and states call all of them."""
        return self._asked.name

    @property
    def topics(self) -> KeysView[str]:
        """Those that were found."""
        return self._ids.keys()

    @property
    def ids(self) -> Mapping[str, str | None]:
        """The ids of the topics; None of those that are not known yet, or have none."""
        return self._ids if self.alone is None else {self.alone: None, **self._ids}

    @property
    def identity(self) -> Identity:
        """As `Source.identity`."""
        if self.alone is not None:
            return self._ids.get(self.alone)
        if not self._ids:
            return None
        return {_TOPICS: dict(self._ids), _PARTITIONS: [list(place) for place in self._places]}

    def restore(self, identity: Identity) -> None:
        """Takes what a state knows. Raises SourceError if that is of something else."""
        self._ids, self._places = {}, []
        if identity is not None:
            self._ids, self._places = self._read(identity)
        self._numbers = {place: number for number, place in enumerate(self._places)}

    def _read(self, identity: Identity) -> tuple[dict[str, str | None], list[Place]]:
        if self.alone is not None:
            if isinstance(identity, str):
                return {self.alone: identity}, []
        elif (found := table_of(identity)) is not None:
            return found
        raise SourceError(
            f"the state has read something else than the topic {self._asked.name!r}: it needs an empty state"
        )

    def note(self, topic: str, id: str | None, partitions: Iterable[int]) -> None:
        """Takes what the cluster says of a topic; new partitions are numbered.

        Raises:
            SourceError: if it is another topic of that name.
        """
        known = self._ids.get(topic)
        check_topic_id(topic, known, id)
        self._ids[topic] = id or known
        if self.alone is None:
            for place in ((topic, partition) for partition in sorted(partitions)):
                if place not in self._numbers:
                    self._numbers[place] = len(self._places)
                    self._places.append(place)

    def place(self, number: int) -> Place:
        """Which partition has this number. Raises LookupError if none has."""
        return self._places[number] if self.alone is None else (self.alone, number)

    def number(self, topic: str, partition: int) -> int:
        """The number of a partition. Raises LookupError if it has none."""
        return self._numbers[topic, partition] if self.alone is None else partition

    def origin(self, number: int) -> Origin:
        """What people call a partition; a state may have any numbers."""
        if self.alone is None and number >= len(self._places):
            return Origin(self._asked.name, number)
        return Origin(*self.place(number))

    def told(self, number: int) -> Origin | None:
        """What a message says of its origin: nothing where there is one topic."""
        return None if self.alone is not None else self.origin(number)

    def by_topic(self, numbers: Iterable[int]) -> dict[str, dict[int, int]]:
        """For each topic its partitions among these numbers, with their numbers."""
        found: dict[str, dict[int, int]] = {}
        for number in numbers:
            topic, partition = self.place(number)
            found.setdefault(topic, {})[partition] = number
        return found


def table_of(identity: Identity) -> tuple[dict[str, str | None], list[Place]] | None:
    """The ids and the numbered partitions of several topics, as a state has them; None if it has something else."""
    if not isinstance(identity, dict) or identity.keys() != {_TOPICS, _PARTITIONS}:
        return None
    ids, partitions = identity[_TOPICS], identity[_PARTITIONS]
    if not isinstance(ids, dict) or not isinstance(partitions, list):
        return None
    if not all(id is None or isinstance(id, str) for id in ids.values()):
        return None
    places = [(place[0], place[1]) for place in partitions if _is_place(place, ids)]
    if not ids or len(set(places)) < len(partitions):
        return None
    return dict(ids), places


def _is_place(place: Any, ids: Mapping[str, object]) -> bool:  # noqa: ANN401  # a state may say anything
    return (
        isinstance(place, list)
        and len(place) == 2
        and isinstance(place[0], str)
        and place[0] in ids
        and isinstance(place[1], int)
        and not isinstance(place[1], bool)
        and 0 <= place[1] <= _MOST_PARTITION
    )


def identity_after(
    topics: Topics, name: str, identity: Identity, partitions: Collection[int]
) -> Identity | None:
    """As `Source.identity_after`: all topics that were read must be among these."""
    if topics.alone is not None:
        return None
    found = table_of(identity)
    if found is not None:
        return identity if all(map(topics.has, found[0])) else None
    one = identity is None or isinstance(identity, str)
    if not one or not topics.has(name) or sorted(partitions) != list(range(len(partitions))):
        return None
    return {_TOPICS: {name: identity}, _PARTITIONS: [[name, p] for p in sorted(partitions)]}
