"""The log: the ordered record of events, split in topics and partitions. The only source of truth.

Offsets of a partition count up from 0 and none is skipped, which views rely on: a topic is neither compacted nor written in
transactions.
The number of partitions of a topic never changes. Events of one key are in one partition, in the order of their appends.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from events.codec import Record

Partition = tuple[str, int]
"""(topic, number)"""

Positions = Mapping[Partition, int]
"""Per partition the offset of an event; for a view: of the last one applied, -1 before the first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in its place on the log."""

    partition: Partition
    offset: int
    record: Record


def merged(one: Positions, other: Positions) -> dict[Partition, int]:
    """The least positions that are at or beyond both."""
    result = dict(one)
    for partition, offset in other.items():
        result[partition] = max(offset, result.get(partition, -1))
    return result


class LogReader(Protocol):
    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        """Up to `limit` entries of the partition from offset `first` on, in order. Empty at the end."""

    async def ends(self, topics: Collection[str]) -> dict[Partition, int]:
        """For every partition of the topics the offset of its last entry, -1 when it is empty."""


class Log(LogReader, Protocol):
    async def append(self, records: Sequence[Record]) -> Positions:
        """Append in the order given; returns the offsets, per partition the last.

        Returns only when all records would survive what the log promises to survive. Not atomic over several records: a
        failure may leave a prefix. Raises UnavailableError when that could not be confirmed in time, which means "unknown":
        the records may be there, now or later.
        """
