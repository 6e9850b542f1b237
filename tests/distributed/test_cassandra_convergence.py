"""Every view on Cassandra reaches what the oracle says, whatever happens on the way and however many write; so does its replay."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events.envelope import Envelope
from stores.ports.log import Partition
from stores.ports.view import Position
from tests.distributed.cassandra import Keyspace, Kind
from tests.distributed.cassandra_worlds import CassandraWorld, Piece
from tests.distributed.test_cassandra_view import VIEWS
from tests.property.stories import Choice, Story
from tests.property.subjects import SUBJECTS, Subject
from tests.property.test_convergence import HISTORIES, PLANS
from tests.property.worlds import live_through

EXAMPLE_COUNT = 15
"""Per projection and test."""
_FEW = settings(
    max_examples=EXAMPLE_COUNT,
    phases=(Phase.generate,),  # to shrink what fails takes longer here than anybody waits
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_each_kind = pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.PROJECTION)


Turn = tuple[int, int, Piece, Piece]


def _subject(kind: Kind) -> Subject:
    return next(subject for subject in SUBJECTS if subject.projection.name == kind.PROJECTION)


@_each_kind
@_FEW
@given(choices=HISTORIES, plan=PLANS, partition_count=st.integers(1, 3))
async def test_every_way_leads_to_what_the_oracle_says(
    keyspace: Keyspace, kind: Kind, choices: list[Choice], plan: list[Choice], partition_count: int
) -> None:
    subject = _subject(kind)
    events = Story().tell(subject.actions, choices)
    with tempfile.TemporaryDirectory() as folder:
        world = CassandraWorld(Path(folder), subject.projection, kind, keyspace, partition_count)
        with closing(world):
            world.look = partial(_glance, world, subject, events)
            await live_through(world, events, plan)
            await _everybody_else()
            assert await world.view.parked_keys() == set()
            live = await subject.read(world.view, events, world.log)
            assert live == subject.oracle(events)
            rebuilt = await world.replay()
            assert await subject.read(rebuilt, events, world.log) == live


_SMALL = st.integers(0, 7)
_PIECES = st.tuples(_SMALL, _SMALL, _SMALL)
TURNS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 24), _PIECES, _PIECES), min_size=1, max_size=8)
"""Who is late, after how many of its requests, with what; and what the other does in the meantime."""


@_each_kind
@_FEW
@given(choices=HISTORIES, turns=TURNS, partition_count=st.integers(1, 3))
async def test_a_writer_that_was_frozen_changes_nothing_when_it_goes_on(
    keyspace: Keyspace, kind: Kind, choices: list[Choice], turns: list[Turn], partition_count: int
) -> None:
    """It has read before others wrote, and writes after them."""
    subject = _subject(kind)
    events = Story().tell(subject.actions, choices)
    with tempfile.TemporaryDirectory() as folder:
        world = CassandraWorld(Path(folder), subject.projection, kind, keyspace, partition_count)
        with closing(world):
            writers = [await world.join(), await world.join()]
            piece_count = len(events) // len(turns) + 1
            for n, (late, after_count, own, others) in enumerate(turns):
                await world.append(events[n * piece_count : (n + 1) * piece_count])
                stood = await world.view.positions()
                other = writers[1 - late]
                writers[late].freeze(after_count, until=lambda: other.deliver(others))  # noqa: B023
                await writers[late].deliver(own)
                await _check_not_behind(world, stood)
            writers[late].freeze(after_count, until=other.drain)
            await writers[late].drain()
            await other.drain()
            assert await subject.read(world.view, events, world.log) == subject.oracle(events)


async def _check_not_behind(world: CassandraWorld, stood: Mapping[Partition, Position]) -> None:
    stands = await world.view.positions()
    assert all(stands[partition].offset >= position.offset for partition, position in stood.items())


async def _glance(world: CassandraWorld, subject: Subject, events: Sequence[Envelope]) -> None:
    """Between two writes rows may contradict each other."""
    with suppress(AssertionError):
        await subject.read(world.view, events, world.log)


async def _everybody_else() -> None:
    """What was left behind by a write that failed has come to its end."""
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
