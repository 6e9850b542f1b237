"""Several processes that write one view on Cassandra: one dies before any of its requests, or stands still there while another goes
on, and then goes on itself. It has read before the other wrote, or what the other has written beyond it, and writes after it.
"""

from collections.abc import Mapping
from functools import partial
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Envelope
from stores.ports.log import Partition
from stores.ports.view import Position
from tests.distributed.cassandra import Keyspace, Kind
from tests.distributed.cassandra_worlds import FEW, CassandraWorld, subject_of, world_in
from tests.distributed.test_cassandra_view import VIEWS
from tests.property.stories import Story
from tests.property.worlds import DiedError

EVENT_COUNT, BEFORE_COUNT, LATE_COUNT = 36, 12, 8
"""In all, those that are applied when somebody dies or is late, and those that the late one has."""

Turn = tuple[int, int, int, int, int]
_FEW_EVENTS = st.integers(1, 8)
TURNS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1, 16), st.integers(0, 2), _FEW_EVENTS, _FEW_EVENTS),
    min_size=4,
    max_size=8,
)
"""Who is late, after how many of its requests, in which partition, with how many events; and with how many the other goes on."""

_each_kind = pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.PROJECTION)


def _dense(kind: Kind, seed: int) -> list[Envelope]:
    """Much happens to few things. Left to itself hypothesis makes short lists; a seed makes each of them another one."""
    told = Random(seed)
    choices = [
        (told.randrange(16), told.randrange(2), told.randrange(4), told.randrange(8))
        for _ in range(EVENT_COUNT)
    ]
    return Story().tell(subject_of(kind).actions, choices)


@_each_kind
async def test_whoever_dies_leaves_nothing_half(keyspace: Keyspace, kind: Kind) -> None:
    events = _dense(kind, seed=1)
    for request_count in count():
        with world_in(keyspace, kind, partition_count=1) as world:
            await world.append(events[:BEFORE_COUNT])
            await world.drain()
            await world.append(events[BEFORE_COUNT:])
            if not await _dies(world, request_count):
                return
            await world.drain()
            await _check(world, kind, events)


async def _dies(world: CassandraWorld, request_count: int) -> bool:
    """Unless it is done with fewer requests."""
    writer = await world.join()
    writer.client.arm(writer.client.die, request_count)
    try:
        await writer.drain()
    except DiedError:
        return True
    return False


@_each_kind
async def test_whoever_was_frozen_changes_nothing(keyspace: Keyspace, kind: Kind) -> None:
    events = _dense(kind, seed=1)
    for request_count in count():
        with world_in(keyspace, kind, partition_count=1) as world:
            await world.append(events[:BEFORE_COUNT])
            await world.drain()
            await world.append(events[BEFORE_COUNT:])
            late, other = await world.join(), await world.join()
            late.freeze(request_count, until=other.drain)
            await late.deliver(0, LATE_COUNT)
            if not late.client.had_trouble:
                return
            await _check(world, kind, events)


@_each_kind
@FEW
@given(seed=st.integers(0, 1 << 32), turns=TURNS, partition_count=st.integers(1, 2))
async def test_they_may_take_turns_in_any_way(
    keyspace: Keyspace, kind: Kind, seed: int, turns: list[Turn], partition_count: int
) -> None:
    events = _dense(kind, seed)
    with world_in(keyspace, kind, partition_count) as world:
        await world.append(events)
        writers = [await world.join(), await world.join()]
        for who, request_count, where, late_count, other_count in turns:
            late, other = writers[who], writers[1 - who]
            stood = await world.view.positions()
            late.freeze(request_count, until=partial(other.deliver, where, other_count))
            await late.deliver(where, late_count)
            late.client.disarm()
            await _check_not_behind(world, stood)
        late.freeze(request_count, until=other.drain)
        await late.drain()
        await _check(world, kind, events)


async def _check(world: CassandraWorld, kind: Kind, events: list[Envelope]) -> None:
    subject = subject_of(kind)
    assert await subject.read(world.view, events, world.log) == subject.oracle(events)


async def _check_not_behind(world: CassandraWorld, stood: Mapping[Partition, Position]) -> None:
    stands = await world.view.positions()
    assert all(stands[partition].offset >= position.offset for partition, position in stood.items())
