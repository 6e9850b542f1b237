"""What views that count have in common: partitions, one per post and bucket, with a row for each thing that belongs to the post and
one more with how many there are and the fence, which is the last event counted.

A batch reads both together and writes what changed as one batch of that partition, which is atomic: what is read is what the log
says at the fence, whoever wrote it. Events at or below the fence are not counted again, but what was read is written again with the
stamps of the fence: a batch that has reached one replica of three would be half lost with it otherwise.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar, Protocol, TypeVar

from stores.cassandra.buckets import BUCKETS, bucket_of
from stores.cassandra.questions import questions
from stores.cassandra.session import Cassandra, Row, Statement
from stores.cassandra.view import CassandraView, value_stamp
from stores.ports.counts import CountPart, ServedCounts
from stores.ports.crash import Crash, survive
from stores.ports.view import Folded

C = TypeVar("C")
T_contra = TypeVar("T_contra", contravariant=True)

COUNT_ID = 0
"""Stands in the row of the count where the others have an id; ids begin at 1."""
COUNTED_AT_ONCE = 12
"""Posts whose counts are read in one query, from a partition for each bucket."""
Told = Sequence[tuple[int, C]]
"""Changes with their offsets, in order."""


class Part(Protocol[T_contra]):
    """One partition, as far as a batch asks. `count` and `fence` are those that were read, then those after the fold."""

    count: int
    fence: int

    def know(self, id_: int, columns: Row) -> None:
        """What was read of one thing."""

    def fold(self, told: Told[T_contra]) -> list[Statement]:
        """Takes up changes; returns what has to be written."""

    def elsewhere(self, told: Told[T_contra]) -> Iterable[Statement]:
        """Rows in partitions of their own, of everything told, also of what was folded before. For after the fold."""


class CountingView(CassandraView[C]):
    """The count is served from elsewhere, and read from here where it is not known there."""

    READ: ClassVar[str]
    """A query: post_id, id, count, fence, and what a part takes to know, of some posts (IN ?), a bucket (= ?) and ids (IN ?)."""
    COUNTS: ClassVar[str]
    """A query: post_id, bucket, count and fence of the rows of some posts (IN ?) in some buckets (IN ?)."""

    def __init__(
        self, cassandra: Cassandra, generation: int, served: ServedCounts, crash: Crash = survive
    ) -> None:
        super().__init__(cassandra, generation, crash)
        self._served = served

    def _counted(self, change: C) -> tuple[int, int]:
        """The post that the change speaks of, and the id of what belongs to it."""
        raise NotImplementedError

    def _part(self, post_id: int, bucket: int) -> Part[C]:
        """Of which nothing is known."""
        raise NotImplementedError

    async def _known(self, events: Sequence[Folded[C]]) -> Any:
        """What is told of each part, and the parts as they are."""
        told: dict[tuple[int, int], list[tuple[int, C]]] = {}
        for event in events:
            for change in event.changes:
                post_id, id_ = self._counted(change)
                told.setdefault((post_id, bucket_of(id_)), []).append((event.offset, change))
        return told, await self._read(told)

    async def _write(self, events: Sequence[Folded[C]], known: Any) -> None:
        """What is elsewhere follows from the ids that the events name: it needs not be first to be found again."""
        told: Mapping[tuple[int, int], Told[C]]
        parts: Mapping[tuple[int, int], Part[C]]
        told, parts = known
        folded = [part.fold(told[place]) for place, part in parts.items()]
        elsewhere = chain.from_iterable(part.elsewhere(told[place]) for place, part in parts.items())
        await self._batches([*folded, *((statement,) for statement in elsewhere)])
        await self._served.put(
            [CountPart(*place, value_stamp(part.fence), part.count) for place, part in parts.items()]
        )

    async def _read(self, told: Mapping[tuple[int, int], Told[C]]) -> Mapping[tuple[int, int], Part[C]]:
        """A part may know of more than was asked for it."""
        asked = {
            place: {self._counted(change)[1] for _, change in some} | {COUNT_ID}
            for place, some in told.items()
        }
        parts = {place: self._part(*place) for place in told}

        async def read(bucket: int, post_ids: Sequence[int], ids: Collection[int]) -> None:
            for post_id, id_, count, fence, *columns in await self._rows(
                self.READ, post_ids, bucket, list(ids)
            ):
                part = parts[post_id, bucket]
                if id_ == COUNT_ID:
                    part.count, part.fence = count, fence
                else:
                    part.know(id_, tuple(columns))

        by_bucket: dict[int, dict[int, Collection[int]]] = {}
        for (post_id, bucket), ids in asked.items():
            by_bucket.setdefault(bucket, {})[post_id] = ids
        await asyncio.gather(
            *(
                read(bucket, *question)
                for bucket, of_posts in by_bucket.items()
                for question in questions(of_posts)
            )
        )
        return parts

    async def counts(self, post_ids: Collection[int]) -> Mapping[int, int]:
        served = await self._served.get(post_ids)
        missing = [post_id for post_id in post_ids if post_id not in served]
        return {**served, **await self._read_counts(missing)} if missing else served

    async def counted(self, post_ids: Collection[int]) -> Mapping[int, int]:
        return _summed(post_ids, await self._parts(post_ids))

    async def _read_counts(self, post_ids: Sequence[int]) -> Mapping[int, int]:
        """What is found is served from now on, and so is that nothing was."""
        parts = await self._parts(post_ids)
        await self._served.put(parts)
        return _summed(post_ids, parts)

    async def _parts(self, post_ids: Collection[int]) -> Collection[CountPart]:
        parts = {(post, bucket): CountPart(post, bucket, 0, 0) for post in post_ids for bucket in BUCKETS}
        asked, buckets = list(post_ids), list(BUCKETS)
        some = (asked[start : start + COUNTED_AT_ONCE] for start in range(0, len(asked), COUNTED_AT_ONCE))
        found = await asyncio.gather(*(self._rows(self.COUNTS, posts, buckets) for posts in some))
        for post_id, bucket, count, fence in (row for rows in found for row in rows):
            parts[post_id, bucket] = CountPart(post_id, bucket, value_stamp(fence), count)
        return parts.values()


def _summed(post_ids: Iterable[int], parts: Iterable[CountPart]) -> Mapping[int, int]:
    counts = dict.fromkeys(post_ids, 0)
    for part in parts:
        counts[part.post_id] += part.count
    return counts
