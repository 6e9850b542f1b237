"""Every view is built again from the log while everybody writes; nobody notices."""

import asyncio
from random import Random

import pytest

from projectors.catalogue import BY_NAME
from tests.distributed.chaos.scene import Scene

pytestmark = [pytest.mark.timeout(900), pytest.mark.nightly]


async def test_views_are_rebuilt_while_everybody_writes(scene: Scene, random: Random) -> None:
    async with scene.place() as place:
        before = {g.projection: g.number for g in await place.registry.generations() if g.state == "live"}
        async with scene.under_load(place, random, exempt=BY_NAME) as load:
            await load.acknowledged(random.randint(20, 60))
            done = await asyncio.to_thread(scene.system.cluster.run, "replay", "all", "--json")
            assert done.returncode == 0, done.stdout + done.stderr
        await scene.judge(place)
        after = {g.projection: g.number for g in await place.registry.generations() if g.state == "live"}
    assert all(after[name] > before[name] for name in BY_NAME)
