"""What views that count have in common: partitions, one per post and bucket, with a row for each thing that belongs to the post and
one more with how many there are and the fence, which is the last event counted.

A batch reads both together and writes what changed as one batch of that partition, which is atomic: what is read is what the log
says at the fence, whoever wrote it. Events at or below the fence are not counted again, but what was read is written again with the
stamps of the fence: a batch that has reached one replica of three would be half lost with it otherwise.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

from stores.cassandra.buckets import BUCKETS, bucket_of
from stores.cassandra.session import Cassandra
from stores.cassandra.view import CassandraView, value_stamp
from stores.ports.counts import CountPart, ServedCounts
from stores.ports.crash import Crash, survive
from stores.ports.view import Folded

C = TypeVar("C")

COUNT_ID = 0
"""Stands in the row of the count where the others have an id; ids begin at 1."""


class CountingView(CassandraView[C]):
    """The count is served from elsewhere, and read from here where it is not known there."""

    COUNTS: ClassVar[str]
    """A query: post_id, bucket, count and fence of the rows of some posts (IN ?) in a bucket (= ?)."""

    def __init__(
        self, cassandra: Cassandra, generation: int, served: ServedCounts, crash: Crash = survive
    ) -> None:
        super().__init__(cassandra, generation, crash)
        self._served = served

    def _counted(self, change: C) -> tuple[int, int]:
        """The post that the change speaks of, and the id of what belongs to it."""
        raise NotImplementedError

    async def _write_part(self, post_id: int, bucket: int, changes: Sequence[tuple[int, C]]) -> CountPart:
        """Read, fold and write one partition; changes come with their offsets, in order."""
        raise NotImplementedError

    async def _write(self, events: Sequence[Folded[C]]) -> None:
        parts: dict[tuple[int, int], list[tuple[int, C]]] = {}
        for event in events:
            for change in event.changes:
                post_id, id_ = self._counted(change)
                parts.setdefault((post_id, bucket_of(id_)), []).append((event.offset, change))
        written = await asyncio.gather(*(self._write_part(*place, some) for place, some in parts.items()))
        await self._served.put(written)

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
        asked = list(post_ids)
        found = await asyncio.gather(*(self._rows(self.COUNTS, asked, bucket) for bucket in BUCKETS))
        for post_id, bucket, count, fence in (row for rows in found for row in rows):
            parts[post_id, bucket] = CountPart(post_id, bucket, value_stamp(fence), count)
        return parts.values()


def _summed(post_ids: Iterable[int], parts: Iterable[CountPart]) -> Mapping[int, int]:
    counts = dict.fromkeys(post_ids, 0)
    for part in parts:
        counts[part.post_id] += part.count
    return counts
