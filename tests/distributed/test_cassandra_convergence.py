"""Every view on Cassandra reaches what the oracle says, whatever happens on the way, and so does its replay."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Envelope
from tests.distributed.cassandra import Keyspace, Kind
from tests.distributed.cassandra_worlds import FEW, CassandraWorld, subject_of, world_in
from tests.distributed.test_cassandra_view import VIEWS
from tests.property.stories import Choice, Story
from tests.property.subjects import Subject
from tests.property.test_convergence import HISTORIES, PLANS
from tests.property.worlds import live_through


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.PROJECTION)
@FEW
@given(choices=HISTORIES, plan=PLANS, partition_count=st.integers(1, 3))
async def test_every_way_leads_to_what_the_oracle_says(
    keyspace: Keyspace, kind: Kind, choices: list[Choice], plan: list[Choice], partition_count: int
) -> None:
    subject = subject_of(kind)
    events = Story().tell(subject.actions, choices)
    with world_in(keyspace, kind, partition_count) as world:
        world.look = partial(_glance, world, subject, events)
        await live_through(world, events, plan)
        await _everybody_else()
        assert await world.view.parked_keys() == set()
        live = await subject.read(world.view, events, world.log)
        assert live == subject.oracle(events)
        rebuilt = await world.replay()
        assert await subject.read(rebuilt, events, world.log) == live


async def _glance(world: CassandraWorld, subject: Subject, events: Sequence[Envelope]) -> None:
    """Between two writes rows may contradict each other."""
    with suppress(AssertionError):
        await subject.read(world.view, events, world.log)


async def _everybody_else() -> None:
    """What was left behind by a write that failed has come to its end."""
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
