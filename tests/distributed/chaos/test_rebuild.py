"""Every view is built again from the log while everybody writes, and twice more when all is quiet: it is the same each time."""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import orjson
import pytest

from projectors.catalogue import BY_NAME
from tests.distributed.chaos.scene import Scene

pytestmark = [pytest.mark.timeout(900), pytest.mark.nightly]


async def test_views_are_rebuilt_while_everybody_writes(clean_scene: Scene, random: Random) -> None:
    scene = clean_scene
    async with scene.place() as place:
        before = {g.projection: g.number for g in await place.registry.generations() if g.state == "live"}
        async with scene.under_load(place, random, exempt=BY_NAME) as load:
            await load.acknowledged(random.randint(20, 60))
            await _told(scene, "replay", "all")
        await scene.judge(place)
        after = {g.projection: g.number for g in await place.registry.generations() if g.state == "live"}
        assert all(after[name] > before[name] for name in BY_NAME)
        held = [await _held(scene)]
        for _ in range(2):
            await _told(scene, "replay", "all")
            held.append(await _held(scene))
        assert held[0] == held[1] == held[2]


async def _held(scene: Scene) -> Mapping[str, Sequence[object]]:
    """Of each live generation where it stands, and digests of what it holds."""
    told = await _told(scene, "replay", "verify", "all")
    return {each["projection"]: (each["positions"], each["digests"]["generation"]) for each in told}


async def _told(scene: Scene, *words: str) -> Sequence[Mapping[str, Any]]:
    done = await asyncio.to_thread(scene.system.cluster.run, *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return [orjson.loads(line) for line in done.stdout.splitlines()]
