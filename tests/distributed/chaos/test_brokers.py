"""One broker of three is killed: the others go on, and writes are accepted again while it is away."""

import asyncio
from collections.abc import Iterator
from random import Random
from uuid import uuid4

import pytest

from tests.distributed.chaos.scene import Scene
from tests.distributed.chaos.system import System
from tests.services.stack import BROKERS, Stack, free_ports

pytestmark = [pytest.mark.timeout(900), pytest.mark.nightly]


@pytest.fixture
def scene(seed: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    stack = Stack(tmp_path_factory.mktemp("brokers"), free_ports(*BROKERS))
    try:
        stack.start()
        folder = tmp_path_factory.mktemp("chaos")
        made = Scene(stack, System(stack.addresses, f"brokers{uuid4().hex[:12]}", 1, folder), f"{seed}")
        made.begin()
        made.is_over = True
        yield made
        stack.start()
        made.end()
    finally:
        stack.wipe()


async def test_one_broker_of_three_is_killed(scene: Scene, random: Random) -> None:
    victims = random.sample(BROKERS, len(BROKERS))
    async with scene.place() as place:
        async with scene.under_load(place, random) as load:
            for victim in victims:
                await load.acknowledged(random.randint(20, 60))
                await asyncio.to_thread(scene.stack.kill, victim)
                await load.everybody_writes()
                await asyncio.to_thread(scene.stack.start, victim)
        await scene.judge(place)
