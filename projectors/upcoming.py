"""What comes next on a projection's partitions, read ahead of the batches that are made of it.

It reads and merges; what is done with a batch, and where a view stands, it is told.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from heapq import heapify, heappop, heapreplace

from stores.ports.log import Entry, Partition, Positions
from stores.ports.together import Together

Read = Callable[[Partition, int, int], Awaitable[list[Entry]]]
"""As a log reads."""

_LEAST_COUNT = 100
"""Entries of a partition that are worth a read."""


class Upcoming:
    def __init__(self, read: Read, together: Together) -> None:
        self._read, self._together = read, together
        self._queues: dict[Partition, deque[Entry]] = {}

    async def take(self, stands: Positions, ends: Positions, count: int) -> list[Entry]:
        """Up to `count` entries behind where the partitions stand, about in the order in which they happened.

        No result depends on that order. But edges and posts that come as they came once are merged as little as they were then.
        """
        await self.read_on(stands, ends, count)
        share = _share(ends, count)
        queues = [queue for partition in ends if (queue := self._queues[partition])]
        heads = [(queue[0].record.id, number) for number, queue in enumerate(queues)]
        heapify(heads)
        batch: list[Entry] = []
        while heads and len(batch) < count:
            number = heads[0][1]
            entry = queues[number].popleft()
            batch.append(entry)
            if not queues[number] and entry.offset < ends[entry.partition]:
                await self._read_more(entry.partition, entry.offset + 1, share)
            if queues[number]:
                heapreplace(heads, (queues[number][0].record.id, number))
            else:
                heappop(heads)
        return batch

    async def read_on(self, stands: Positions, ends: Positions, count: int) -> None:
        """Have ready what `take` will be asked for next. What was read of other partitions is given up."""
        share = _share(ends, count)
        self._queues = {at: queue for at, queue in self._queues.items() if at in ends}
        wanted = {at: self._wanted(at, stands.get(at, -1)) for at in ends}
        await self._together(
            *(
                self._read_more(at, first, share - len(self._queues[at]))
                for at, first in wanted.items()
                if first <= ends[at] and len(self._queues[at]) <= share // 2
            )
        )

    def _wanted(self, partition: Partition, stands: int) -> int:
        """The first offset that is not kept. What is kept is right as long as it begins right behind where the partition stands."""
        queue = self._queues.setdefault(partition, deque())
        if queue and queue[0].offset != stands + 1:
            queue.clear()
        return queue[-1].offset + 1 if queue else stands + 1

    async def _read_more(self, partition: Partition, first: int, limit: int) -> None:
        self._queues[partition].extend(await self._read(partition, first, limit))


def _share(ends: Positions, count: int) -> int:
    """Of a partition: of all of them together, two batches are kept."""
    return max(2 * count // max(1, len(ends)), _LEAST_COUNT)
