"""What views of things have in common: a row for each thing (an account, a name, a media, a post), and index rows derived from it.

A row is written whole and knows the event it stands at: what is at or before it has had its effect, and what was read is only
written again. So a row says what the log said at its own offset, whoever wrote it, however late and after whatever reading. What
has ended or is deleted therefore keeps its row, emptied. All events about one thing come from one partition of the log.
"""

import asyncio
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from cassandra.query import UNSET_VALUE

from stores.cassandra.questions import of_keys
from stores.cassandra.session import Cassandra, Row
from stores.cassandra.view import CassandraView, delete_stamp, value_stamp
from stores.ports.crash import Crash, survive
from stores.ports.view import Folded

C = TypeVar("C")
K = TypeVar("K", bound=Hashable)
S = TypeVar("S")

REMEMBERED_COUNT = 10_000
"""Things whose rows were read last: who reads the same row again gets the same object, by which others may keep what they made."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Deleted, whatever comes."""


GONE = Gone()


@dataclass(frozen=True, slots=True)
class Index:
    """A table all of whose columns are its key; the key of the thing is among them, so that each row has one owner."""

    add: str
    remove: str


def index(table: str, *columns: str) -> Index:
    marks = ",".join("?" * len(columns))
    where = " AND ".join(f"{column} = ?" for column in columns)
    return Index(
        add=f"INSERT INTO {{{table}}} ({', '.join(columns)}) VALUES ({marks}) USING TIMESTAMP ?",
        remove=f"DELETE FROM {{{table}}} USING TIMESTAMP ? WHERE {where}",
    )


IndexRow = tuple[Index, tuple[object, ...]]


@dataclass(slots=True)
class Stand(Generic[S]):
    """What the log said of a thing at an offset; None as long as it has said nothing that counts."""

    said: S | None = None
    offset: int = -1
    dropped: set[IndexRow] = field(default_factory=set)
    """Of what it said before."""


class FoldedRowsView(CassandraView[C], Generic[C, K, S]):
    READ: ClassVar[str]
    """Key, offset, and what `_parsed` takes, of some keys (IN ?)."""
    PUT: ClassVar[str]
    """Key, offset, what `_columns` gives, stamp."""
    CLEAR: ClassVar[str]
    """Stamp, key."""

    def __init__(self, cassandra: Cassandra, generation: int, crash: Crash = survive) -> None:
        super().__init__(cassandra, generation, crash)
        self._remembered: dict[K, tuple[object, S]] = {}

    def _key(self, change: C) -> K:
        raise NotImplementedError

    def _folded(self, said: S | None, change: C, event: Folded[C]) -> S | None:
        """What is said after the change. Pure; never None again once something was said."""
        raise NotImplementedError

    def _parsed(self, key: K, columns: Row) -> S:
        raise NotImplementedError

    def _columns(self, said: S) -> Iterable[object]:
        """None where there is nothing."""
        raise NotImplementedError

    def _indexed(self, key: K, said: S) -> Iterable[IndexRow]:
        return ()

    async def _known(self, events: Sequence[Folded[C]]) -> Any:
        """Where everything stands that the events speak of."""
        return await self._read({self._key(change) for event in events for change in event.changes})

    async def _write(self, events: Sequence[Folded[C]], known: Any) -> None:
        stands = self._after(events, known)
        await self._write_indexes(stands)
        said = ((key, stand.said, stand.offset) for key, stand in stands.items())
        await asyncio.gather(
            *(self._put(key, what, offset) for key, what, offset in said if what is not None)
        )

    def _after(self, events: Sequence[Folded[C]], stands: dict[K, Stand[S]]) -> dict[K, Stand[S]]:
        told: dict[K, list[tuple[Folded[C], C]]] = {}
        for event in events:
            for change in event.changes:
                told.setdefault(self._key(change), []).append((event, change))
        for key, changes in told.items():
            self._take_up(key, stands.setdefault(key, Stand()), changes)
        return stands

    def _take_up(self, key: K, stand: Stand[S], changes: Iterable[tuple[Folded[C], C]]) -> None:
        """Changes of one event stand at one offset, so all of them are held against the one that was read."""
        offset_before = stand.offset
        for event, change in changes:
            if event.offset <= offset_before:
                continue
            if stand.said is not None:
                stand.dropped.update(self._indexed(key, stand.said))
            stand.said, stand.offset = self._folded(stand.said, change, event), event.offset

    async def _write_indexes(self, stands: Mapping[K, Stand[S]]) -> None:
        added: dict[IndexRow, int] = {}
        removed: dict[IndexRow, int] = {}
        for key, stand in stands.items():
            if stand.said is not None:
                rows = set(self._indexed(key, stand.said))
                added |= dict.fromkeys(rows, value_stamp(stand.offset))
                removed |= dict.fromkeys(stand.dropped - rows, delete_stamp(stand.offset))
        await self._add(added)
        await self._remove(removed)

    async def _add(self, rows: Mapping[IndexRow, int]) -> None:
        """Rows with their stamps."""
        by_index: dict[Index, list[Sequence[object]]] = {}
        for (table, values), stamp in rows.items():
            by_index.setdefault(table, []).append((*values, stamp))
        await asyncio.gather(*(self._many(table.add, some) for table, some in by_index.items()))

    async def _remove(self, rows: Mapping[IndexRow, int]) -> None:
        by_index: dict[Index, list[Sequence[object]]] = {}
        for (table, values), stamp in rows.items():
            by_index.setdefault(table, []).append((stamp, *values))
        await asyncio.gather(*(self._many(table.remove, some) for table, some in by_index.items()))

    async def _put(self, key: K, said: S, offset: int) -> None:
        """The deletion takes what other events wrote in columns that have nothing in them now."""
        columns = (UNSET_VALUE if value is None else value for value in self._columns(said))
        await self._batch(
            [
                (self.CLEAR, (delete_stamp(offset), key)),
                (self.PUT, (key, offset, *columns, value_stamp(offset))),
            ]
        )

    async def _read(self, keys: Collection[K]) -> dict[K, Stand[S]]:
        rows = await of_keys(self._rows, self.READ, keys)
        return {row[0]: Stand(self._made_of(row), row[1]) for row in rows}

    def _made_of(self, row: Row) -> S:
        return self._made(row[0], row, lambda: row)

    def _made(self, key: K, read: object, row: Callable[[], Row]) -> S:
        """What the row says; `read` is what was read, from which the row is only made when it is another than before."""
        known = self._remembered.get(key)
        if known is not None and known[0] == read:
            return known[1]
        said = self._parsed(key, row()[2:])
        self._remembered.pop(key, None)
        self._remembered[key] = read, said
        if len(self._remembered) > REMEMBERED_COUNT:
            del self._remembered[next(iter(self._remembered))]
        return said

    async def _said(self, keys: Collection[K]) -> dict[K, S]:
        """What is said of each of them, in their order."""
        stands = await self._read(keys)
        found = ((key, stands[key].said) for key in keys if key in stands)
        return {key: said for key, said in found if said is not None}
