"""Cassandra is away, or does what it is asked without saying so."""

import asyncio
import os
from random import Random

import pytest

from tests.distributed.chaos.scene import Scene
from tests.distributed.chaos.waiting import lasting
from tests.distributed.forwarder import forwarded
from tests.services.ports import HOST

pytestmark = pytest.mark.timeout(900)
AWAY_S = float(os.environ.get("CASSANDRA_AWAY_S", "8"))
VICTIMS = ("likes", "comments", "graph", "timelines", "feeds", "search")
_MUTE_S = 6.5
"""Longer than a request waits for its answer."""


async def test_cassandra_is_away(scene: Scene, random: Random) -> None:
    async with scene.place() as place:
        async with scene.under_load(place, random) as load:
            await load.acknowledged(random.randint(20, 60))
            await asyncio.to_thread(scene.stack.kill, "cassandra")
            await lasting(AWAY_S)
            await asyncio.to_thread(scene.stack.start, "cassandra")
        await scene.judge(place)


async def test_writes_that_timed_out_have_taken_effect(scene: Scene, random: Random) -> None:
    """Every answer to some workers is lost for a while, and what they wrote meanwhile is there."""
    addresses, system = scene.stack.addresses, scene.system
    cassandra, redis = (
        int(address.rpartition(":")[2].partition("/")[0])
        for address in (addresses.cassandra, addresses.redis)
    )
    victims = random.sample(VICTIMS, 3)
    async with scene.place() as place, forwarded(cassandra) as to_cassandra, forwarded(redis) as to_redis:
        through = {
            "PHOTOLOG_CASSANDRA": f"{HOST}:{to_cassandra.port}",
            "PHOTOLOG_REDIS": system.cluster.settings["PHOTOLOG_REDIS"].replace(
                f":{redis}/", f":{to_redis.port}/"
            ),
        }
        async with scene.under_load(place, random) as load:
            for victim in victims:
                await asyncio.to_thread(system.restart, victim, through)
            await load.everybody_writes()
            for forwarder in (to_cassandra, to_redis):
                forwarder.muted = True
            await lasting(_MUTE_S)
            for forwarder in (to_cassandra, to_redis):
                await forwarder.unmute()
        assert to_cassandra.swallowed_bytes or to_redis.swallowed_bytes
        await scene.judge(place)
        for victim in victims:
            await asyncio.to_thread(system.restart, victim)
