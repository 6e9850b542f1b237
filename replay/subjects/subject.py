"""What verifying needs to know of a projection: how its events are grouped, what the oracle says they make, how a view is asked.

An *entity* is what a view is judged by, piece by piece: a post with its likers, a user with whom they follow, a term with its
posts. The events of a group together make *facts*: each gives an entity one piece of its value. Pieces of an entity may come from
several groups. A value is what JSON can say, without anything that people wrote: of texts there are digests.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar, Protocol

from events.codec import Record
from events.envelope import Envelope
from stores.ports.page import Page

Entity = tuple[str, int | str]
"""Kind and key."""
Piece = list[Any]
"""Of what JSON can say. What may be asked of a view by name comes first, where there is such a thing."""
Fact = tuple[Entity, Piece]
Value = Mapping[str, Any]
"""What is said of the entity, by the way in which it is said; ways that say the same are held against each other by that."""
Place = tuple[str, int, int]
"""Topic, partition and offset."""
Member = int | str


@dataclass(frozen=True, slots=True)
class Told:
    """All events of some groups, in the order of the log for each group; and where each stands, by its id."""

    events: Sequence[Envelope]
    places: Mapping[int, Place]


class Subject(Protocol):
    """One telling: what the facts of all groups have told may be needed to make values. Made anew for each."""

    PRIVATE: ClassVar[Collection[str]] = ()
    """Kinds whose keys are words of people."""

    def group(self, record: Record) -> str:
        """Events of one group are told together. Reads nothing that is sealed."""
        return record.key

    def facts(self, told: Told) -> Iterable[Fact]:
        """Of every entity that the events speak of, also of one of which nothing is left. Called with every group once."""

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        """What the view must say of the entity. Without pieces: what it says of one that it does not know."""

    async def read(self, view: Any, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]) -> Value:
        """What the view does say. `held` are members that the view may have rows of."""

    def groups(self, entity: Entity, pieces: Sequence[Piece], known: Collection[str]) -> Collection[str]:
        """All groups that have to be told for the entity's value; `known` are those that its pieces are of."""
        return known

    def made(self, entity: Entity, members: Collection[str], record: Record) -> bool:
        """Whether an event of these groups had a part in the value, as far as these members are concerned, or at all."""
        return mentions(record, str(entity[1])) and (not members or any(mentions(record, m) for m in members))


def mentions(record: Record, id_: str) -> bool:
    """Whether the event speaks of it outside of what is sealed."""
    return id_ in (record.key, str(record.actor_id)) or f'"{id_}"'.encode() in record.value


def digest(text: str) -> str:
    """Stands for what somebody wrote."""
    return sha256(text.encode()).hexdigest()[:16]


async def whole(page: Any, limit: int = 500) -> list[Any]:
    """The list behind the pages; `page(key, limit)` gives one."""
    items: list[Any] = []
    key: int | None = None
    while True:
        got: Page[Any] = await page(key, limit)
        items += got.items
        key = got.next_key
        if key is None:
            return items


def members_of(pieces: Iterable[Piece], held: Iterable[Member]) -> list[Any]:
    """Everything that may be a member: what the log has ever said of it, and what the view has rows of."""
    return sorted({*(piece[0] for piece in pieces), *held})


def parts(items: Sequence[Any], count: int = 200) -> list[Sequence[Any]]:
    return [items[start : start + count] for start in range(0, len(items), count)]
