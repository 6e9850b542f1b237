"""What views of edges have in common: whether a user holds something, and since when, and the list of what they hold by time.

Beginning twice is beginning once, since the first time. The rows of one user are one partition; each knows the event it stands at:
what is at or before it has had its effect, and what was read is only written again. So what a row says is what the log said at its
own offset, whoever wrote it, however late and after whatever reading. Without that, somebody who repeats a beginning that changed
nothing, and reads the edge after its end, would list it for ever. An edge that has ended therefore keeps its row.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from events.ids import MAX_ID
from stores.cassandra.buckets import newest_page
from stores.cassandra.session import Statement
from stores.cassandra.view import CassandraView, delete_stamp, value_stamp
from stores.ports.page import Page
from stores.ports.view import Folded

C = TypeVar("C")


@dataclass(slots=True)
class Edge:
    """`at_id` is the id of the event that began it, also after its end; 0 before its first beginning."""

    at_id: int = 0
    holds: bool = False
    offset: int = -1
    _ends: dict[int, int] = field(default_factory=dict)
    """Offsets by `at_id`."""

    def __post_init__(self) -> None:
        if self.at_id and not self.holds:
            self._ends[self.at_id] = self.offset

    def fold(self, told: Iterable[tuple[int, bool, int]]) -> None:
        """Takes up (offset, whether it holds, id of the event) in order."""
        for offset, holds, at_id in told:
            if offset <= self.offset:
                continue
            if holds and not self.holds:
                self.at_id = at_id
            elif self.holds and not holds:
                self._ends[self.at_id] = offset
            self.holds, self.offset = holds, offset

    def listed(self) -> list[tuple[int, int]]:
        """(at_id, stamp) under which it is listed."""
        return [(self.at_id, value_stamp(self.offset))] if self.holds else []

    def unlisted(self) -> list[tuple[int, int]]:
        """(stamp, at_id) under which it is listed no longer."""
        return [(delete_stamp(offset), at_id) for at_id, offset in self._ends.items()]


Told = Mapping[int, Sequence[tuple[int, bool, int]]]
"""What the log says of each of a user's edges, by what is held, as `Edge.fold` takes it."""


class EdgesView(CassandraView[C]):
    READ: ClassVar[str]
    """What is held, at_id, whether it holds, and offset, of a user (= ?) and what may be held (IN ?)."""
    SET: ClassVar[str]
    """User, what is held, at_id, whether it holds, offset, stamp."""
    LIST: ClassVar[str]
    """User, at_id, what is held, stamp."""
    UNLIST: ClassVar[str]
    """Stamp, user, at_id."""
    LATEST: ClassVar[str]
    """At_id and what is held, the latest first, of a user below an at_id, up to a limit."""

    def _edge(self, change: C) -> tuple[int, int, bool, int]:
        """User, what is held, whether it holds, id of the event."""
        raise NotImplementedError

    async def _write_elsewhere(self, user_id: int, edges: Mapping[int, Edge]) -> None:
        """Rows in other partitions than the user's; they are derived, so they are written first."""

    async def _write(self, events: Sequence[Folded[C]], known: None) -> None:
        users: dict[int, dict[int, list[tuple[int, bool, int]]]] = {}
        for event in events:
            for change in event.changes:
                user_id, held_id, holds, at_id = self._edge(change)
                users.setdefault(user_id, {}).setdefault(held_id, []).append((event.offset, holds, at_id))
        await asyncio.gather(*(self._write_user(user_id, told) for user_id, told in users.items()))

    async def _write_user(self, user_id: int, told: Told) -> None:
        edges = await self._read(user_id, told)
        for held_id, edge in edges.items():
            edge.fold(told[held_id])
        begun = {held_id: edge for held_id, edge in edges.items() if edge.at_id}
        if begun:
            await self._write_elsewhere(user_id, begun)
            await self._batch(
                [statement for edge in begun.items() for statement in self._facts(user_id, *edge)]
            )

    async def _read(self, user_id: int, held_ids: Collection[int]) -> dict[int, Edge]:
        rows = await self._rows(self.READ, user_id, held_ids)
        known = {held_id: Edge(at_id, holds, offset) for held_id, at_id, holds, offset in rows}
        return {held_id: known.get(held_id) or Edge() for held_id in held_ids}

    def _facts(self, user_id: int, held_id: int, edge: Edge) -> Iterable[Statement]:
        yield self.SET, (user_id, held_id, edge.at_id, edge.holds, edge.offset, value_stamp(edge.offset))
        for stamp, at_id in edge.unlisted():
            yield self.UNLIST, (stamp, user_id, at_id)
        for at_id, stamp in edge.listed():
            yield self.LIST, (user_id, at_id, held_id, stamp)

    async def _held_among(self, user_id: int, others: Collection[int]) -> Collection[int]:
        return {held_id for held_id, edge in (await self._read(user_id, others)).items() if edge.holds}

    async def _latest(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        bound = MAX_ID if before is None else before
        return newest_page([await self._rows(self.LATEST, user_id, bound, limit + 1)], limit)
