"""The log as it was at some moment: what has come since is not on it.

A moment is a cut through the partitions. For a time, each partition is cut before the first of its events that occurred later:
everything before a cut is of one history, also where a clock stood still or stepped back, and an event that was appended late
with an older time is behind what it came after.
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from stores.ports.errors import StoreError
from stores.ports.log import Entry, LogReader, Partition, Positions

READ_COUNT = 2_000
"""Entries read at a time."""


class LogCutError(StoreError):
    """The log does not have what it had: it was replaced or cut. Restore it."""


@dataclass(frozen=True, slots=True)
class PastLog:
    """`cut` has the last offset of every partition, -1 where nothing is left. Partitions it does not name are empty."""

    log: LogReader
    cut: Positions

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        left = self.cut.get(partition, -1) + 1 - first
        return await self.log.read(partition, first, min(limit, left)) if left > 0 else []

    async def ends(self, topics: Collection[str]) -> dict[Partition, int]:
        found = await self.log.ends(topics)
        return {at: min(end, self.cut.get(at, -1)) for at, end in found.items()}


async def cut_at(log: LogReader, topics: Collection[str], until_ms: int) -> dict[Partition, int]:
    """Where these topics stood at the time, since 1970 UTC, with what occurred right then. Reads them from the start."""
    cut: dict[Partition, int] = {}
    for partition, end in (await log.ends(topics)).items():
        cut[partition] = -1
        async for entry in through(log, partition, end):
            if entry.record.occurred_at_ms > until_ms:
                break
            cut[partition] = entry.offset
    return cut


async def through(log: LogReader, partition: Partition, end: int) -> AsyncIterator[Entry]:
    """All entries up to this offset, in order. Raises LogCutError when the log shows less."""
    first = 0
    while first <= end:
        entries = await log.read(partition, first, min(READ_COUNT, end + 1 - first))
        if not entries:
            raise LogCutError(f"{partition[0]} {partition[1]} ends after {first - 1}, it went to {end}")
        for entry in entries:
            yield entry
        first = entries[-1].offset + 1
