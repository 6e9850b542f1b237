"""Search in Redis where much happens to few posts, and to the shards: whichever way a list is read, it is what the oracle says."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import cast
from unittest.mock import patch

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from projectors.search import SEARCH as PROJECTION
from replay.oracle.search import search
from stores.ports.crash import Crash
from stores.redis import search as redis_search
from stores.redis import view as redis_view
from stores.redis.search import RedisSearch
from tests.distributed.redis import SEARCH, emptied
from tests.distributed.redis_buckets import Snapshot, empty, put_back, snapshot
from tests.distributed.redis_index import index_of
from tests.property.readings import read_search
from tests.property.stories import Story
from tests.property.test_search import ACTIONS, choices
from tests.property.worlds import World, live_through
from tests.services.addresses import Addresses

EXAMPLE_COUNT = 25
_BOUNDS = st.sampled_from([(5_000, 1_000), (2, 0), (20, 9)])
"""Rows that are walked over, and the size up to which a term is rare, in all shards together."""


def _opener(redis: Redis, shard_count: int) -> Callable[[Path, Crash], RedisSearch]:
    """A generation for every file that a view would be kept in."""
    generations: dict[Path, int] = {}

    def open_view(path: Path, crash: Crash) -> RedisSearch:
        number = generations.setdefault(path, len(generations))
        return RedisSearch(redis, number, shard_count, crash)

    return open_view


def _spoiling(redis: Redis, world: World, random: Random) -> Callable[[], Awaitable[None]]:
    """A shard is emptied, or goes back to how it was some time ago."""
    taken: list[tuple[bytes, Snapshot]] = []

    async def spoil() -> None:
        shard = random.choice(cast(RedisSearch, world.view).buckets)
        match random.randrange(4):
            case 0:
                await empty(redis, shard)
            case 1 if taken:
                await put_back(redis, *random.choice(taken))
            case _:
                taken.append((shard, await snapshot(redis, shard)))

    return spoil


@pytest.mark.timeout(600)  # for shrinking, when it fails
@settings(max_examples=EXAMPLE_COUNT, phases=[phase for phase in Phase if phase is not Phase.explain])
@given(
    seed=st.integers(0, 1 << 32),
    partition_count=st.integers(1, 3),
    shard_count=st.sampled_from((1, 3, 8)),
    bounds=_BOUNDS,
    work_count=st.sampled_from((1, 30, redis_view.WORK_COUNT)),
)
def test_dense_histories_are_found_as_the_oracle_says(
    addresses: Addresses,
    seed: int,
    partition_count: int,
    shard_count: int,
    bounds: tuple[int, int],
    work_count: int,
) -> None:
    with ExitStack() as stack:
        stack.enter_context(patch.object(redis_search, "WALKED_LIMIT", bounds[0]))
        stack.enter_context(patch.object(redis_search, "SORTED_LIMIT", bounds[1]))
        stack.enter_context(patch.object(redis_view, "WORK_COUNT", work_count))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        asyncio.run(_live(addresses, folder, Random(seed), partition_count, shard_count))


async def _live(
    addresses: Addresses, folder: Path, random: Random, partition_count: int, shard_count: int
) -> None:
    events = Story().tell(ACTIONS, choices(random, 50))
    async with emptied(addresses, SEARCH) as redis:
        with closing(World(folder, PROJECTION, _opener(redis, shard_count), partition_count)) as world:
            world.look = _spoiling(redis, world, random)
            await live_through(world, events, choices(random, 30))
            view = cast(RedisSearch, world.view)
            assert await read_search(view, events, world.log) == search(events)
            assert await view.parked_keys() == set()
            held = await index_of(redis, view)
            assert held.levels() == held.levels_due()
            assert held == await index_of(redis, cast(RedisSearch, await world.replay()))
