"""What comes next: whole batches in the order of what happened, whatever is read ahead of them."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from events.codec import Record
from projectors.upcoming import Upcoming
from stores.ports.log import Entry, Partition, Positions
from stores.ports.together import at_once


class Written:
    """A log that counts how often it is read."""

    def __init__(self, ids: Mapping[Partition, Sequence[int]]) -> None:
        self.entries = {
            at: [Entry(at, offset, _record(at[0], id_)) for offset, id_ in enumerate(some)]
            for at, some in ids.items()
        }
        self.ends = {at: len(some) - 1 for at, some in self.entries.items()}
        self.reads_count = 0

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        self.reads_count += 1
        return self.entries[partition][first : first + limit]


def _record(topic: str, id_: int) -> Record:
    return Record(topic, "k", id_, "t", 1, 0, 1, 1, None, None, 1, b"{}")


def _moved(stands: Positions, batch: Sequence[Entry]) -> dict[Partition, int]:
    return {**stands, **{entry.partition: entry.offset for entry in batch}}


def _dealt(owners: Sequence[int], partitions_count: int) -> Written:
    """Events with rising ids, each on the partition that is said."""
    ids: dict[Partition, list[int]] = {("t", number): [] for number in range(partitions_count)}
    for id_, owner in enumerate(owners):
        ids["t", owner].append(id_)
    return Written(ids)


@given(st.lists(st.sampled_from([0, 0, 0, 0, 1, 2]), max_size=1_000), st.integers(1, 300))
async def test_batches_are_whole_and_in_the_order_of_what_happened(owners: list[int], count: int) -> None:
    log = _dealt(owners, 3)
    upcoming, stands, taken = Upcoming(log.read, at_once), dict[Partition, int](), list[Entry]()
    while batch := await upcoming.take(stands, log.ends, count):
        stands = _moved(stands, batch)
        await upcoming.read_on(stands, log.ends, count)
        taken += batch
        assert len(batch) == count or stands == {at: end for at, end in log.ends.items() if end >= 0}
    assert [entry.record.id for entry in taken] == list(range(len(owners)))


async def test_one_partition_that_has_nearly_everything_fills_a_batch() -> None:
    log = _dealt([0] * 900 + [1, 2], 3)
    batch = await Upcoming(log.read, at_once).take({}, log.ends, 600)
    assert [entry.record.id for entry in batch] == list(range(600))


async def test_what_was_read_on_is_not_read_again() -> None:
    log = _dealt([0] * 400, 1)
    upcoming = Upcoming(log.read, at_once)
    await upcoming.read_on({}, log.ends, 100)
    assert log.reads_count == 1
    assert len(await upcoming.take({}, log.ends, 100)) == 100
    assert log.reads_count == 1


async def test_a_batch_is_taken_again_from_where_the_view_stands() -> None:
    log = _dealt([0, 1] * 200, 2)
    upcoming = Upcoming(log.read, at_once)
    first = await upcoming.take({}, log.ends, 50)
    await upcoming.read_on(_moved({}, first), log.ends, 50)
    assert await upcoming.take({}, log.ends, 50) == first


async def test_what_was_read_of_a_partition_that_is_left_to_others_is_given_up() -> None:
    log = _dealt([0, 1] * 200, 2)
    upcoming, (mine, left) = Upcoming(log.read, at_once), log.ends
    stands = _moved({}, await upcoming.take({}, log.ends, 50))
    await upcoming.read_on(stands, {mine: log.ends[mine]}, 50)
    reads_count = log.reads_count
    await upcoming.read_on(stands, {left: log.ends[left]}, 50)
    assert log.reads_count == reads_count + 1


async def test_no_more_than_two_batches_are_kept() -> None:
    log = _dealt([0, 1] * 5_000, 2)
    upcoming = Upcoming(log.read, at_once)
    batch = await upcoming.take({}, log.ends, 1_000)
    await upcoming.read_on(_moved({}, batch), log.ends, 1_000)
    for at in log.ends:
        log.entries[at] = []
    kept = await upcoming.take(_moved({}, batch), log.ends, 10_000)
    assert 1_000 <= len(kept) <= 2_000
