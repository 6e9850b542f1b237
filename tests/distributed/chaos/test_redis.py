"""Redis loses what it holds: feeds and search are filled again from the log, and readers are served meanwhile."""

import asyncio
import shutil
from pathlib import Path
from random import Random

import pytest
from redis.asyncio import Redis

from tests.distributed.chaos.scene import Scene
from tests.services.stack import Stack

pytestmark = pytest.mark.timeout(900)
IN_REDIS = ("feeds", "search")


async def test_redis_is_emptied(scene: Scene, random: Random) -> None:
    async with scene.place() as place:
        async with scene.under_load(place, random, IN_REDIS) as load:
            await load.acknowledged(random.randint(20, 60))
            async with _redis(scene) as redis:
                await redis.flushdb()
        await scene.judge(place)


async def test_redis_goes_back_to_an_older_state(scene: Scene, random: Random, tmp_path: Path) -> None:
    older = tmp_path / "older"
    async with scene.place() as place:
        async with scene.under_load(place, random, IN_REDIS) as load:
            await load.acknowledged(random.randint(1, 30))
            await asyncio.to_thread(_keep, scene.stack, older)
            await load.acknowledged(random.randint(20, 60))
            await asyncio.to_thread(_put_back, scene.stack, older)
        await _let_expire(scene)
        await scene.judge(place)


def _redis(scene: Scene) -> Redis:
    return Redis.from_url(scene.system.cluster.settings["PHOTOLOG_REDIS"])


async def _let_expire(scene: Scene) -> None:
    """As if the time had passed after which what has no position of its own is not believed any more."""
    async with _redis(scene) as redis:
        async for key in redis.scan_iter():
            if await redis.ttl(key) >= 0:
                await redis.pexpire(key, 1)


def _keep(stack: Stack, older: Path) -> None:
    with stack.without("valkey"):
        shutil.copytree(_data(stack), older)


def _put_back(stack: Stack, older: Path) -> None:
    with stack.without("valkey"):
        shutil.rmtree(_data(stack))
        shutil.copytree(older, _data(stack))


def _data(stack: Stack) -> Path:
    return stack.folder / "valkey" / "data"
