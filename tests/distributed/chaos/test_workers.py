"""Workers that die wherever they are, come and go, and freeze while others take over from them."""

import asyncio
import re
import signal
from collections.abc import Sequence
from itertools import cycle
from random import Random

import pytest
from aiokafka import AIOKafkaProducer

from events.topics import ENGAGEMENT
from projectors.catalogue import BY_NAME
from runtime.beside import Place
from runtime.commands.worker import REACTORS
from stores.kafka.names import physical
from stores.ports.crash import CrashPoint
from tests.distributed.chaos.load import RECOVERY_S
from tests.distributed.chaos.poison import SHAPES
from tests.distributed.chaos.scene import Scene
from tests.distributed.chaos.system import System
from tests.distributed.chaos.waiting import eventually
from tests.distributed.chaos.worker import DIES_AT
from tests.distributed.kafka import producing
from tests.e2e.aftermath import live

pytestmark = pytest.mark.timeout(900)

POINTS: tuple[CrashPoint, ...] = (
    "step.before_apply",
    "view.before_position",
    "view.before_commit",
    "view.after_commit",
)
REACTOR_POINTS: tuple[CrashPoint, ...] = ("log.before_commit", "log.after_commit")
SHARED = ("likes", "graph", "feeds", "search")
"""Projections whose views are written in different ways."""
RELEASE: CrashPoint = "release.before_commit"
OF_POSTS = ("likes", "comments", "saves", "search")
"""Projections of what happens to posts."""
REBALANCE_COUNT = 20
_LATEST = 3
_QUIET_SHARE = 0.7


async def test_workers_die_at_every_crash_point(scene: Scene, random: Random) -> None:
    system, victims = scene.system, list(BY_NAME)
    random.shuffle(victims)
    async with scene.place() as place:
        async with scene.under_load(place, random):
            fuses = [
                f"{point}:{random.randint(1, _LATEST)}"
                for _, point in zip(victims, cycle(POINTS), strict=False)
            ]
            await asyncio.gather(*(_begin(system, *doomed) for doomed in zip(victims, fuses, strict=True)))
            for point in REACTOR_POINTS:
                await _begin(system, REACTORS, f"{point}:1")
                await _died(system, [REACTORS])
            await _died(system, victims)
        await scene.judge(place)


async def _begin(system: System, victim: str, fuse: str) -> None:
    await asyncio.to_thread(system.restart, victim, {DIES_AT: fuse})


async def _died(system: System, victims: Sequence[str]) -> None:
    """All of them were killed, and started again; each death is told once."""
    deaths = [(victim, -signal.SIGKILL) for victim in victims]

    async def have_ended() -> bool:
        return set(deaths) <= set(system.ended)

    await eventually(lambda: f"{victims} die", RECOVERY_S, have_ended)
    for death in deaths:
        system.ended.remove(death)


async def test_workers_come_and_go(scene: Scene, random: Random) -> None:
    """Three that share the partitions of a projection are killed or end, and are started again, in any order."""
    system, projection = scene.system, random.choice(SHARED)
    workers = [projection, f"{projection}/2", f"{projection}/3"]
    async with scene.place() as place:
        async with scene.under_load(place, random) as load:
            generation = await _sharing(system, workers)
            last = generation + REBALANCE_COUNT
            while generation < last:
                called = random.choice(workers)
                if random.random() < _QUIET_SHARE:
                    await asyncio.to_thread(system.restart, called)
                else:
                    system.kill(called)
                generation = await _generation(system, workers, generation + 1)
                await load.acknowledged(random.randint(1, 10))
        for called in workers[1:]:
            await asyncio.to_thread(system.leave, called)
        await scene.judge(place)


async def test_workers_freeze_and_thaw(scene: Scene, random: Random) -> None:
    """They lose their partitions meanwhile, and write on as if nothing had happened when they wake up."""
    system, frozen = scene.system, random.sample(SHARED, 2)
    others = [f"{called}/2" for called in frozen]
    async with scene.place() as place:
        async with scene.under_load(place, random) as load:
            shared = [await _sharing(system, pair) for pair in zip(frozen, others, strict=True)]
            await load.acknowledged(random.randint(20, 60))
            for called in frozen:
                system.send(called, signal.SIGSTOP)
            for other, generation in zip(others, shared, strict=True):
                await _generation(system, [other], generation + 1)
            await load.acknowledged(random.randint(20, 60))
            for called in frozen:
                system.send(called, signal.SIGCONT)
        for other in others:
            await asyncio.to_thread(system.leave, other)
        await scene.judge(place)


async def _sharing(system: System, workers: Sequence[str]) -> int:
    """Start all but the first of these beside it. Returns the generation of the group that all of them belong to."""
    await asyncio.to_thread(system.restart, workers[0])
    for called in workers[1:]:
        system.begin(called)

    async def common() -> int:
        found = {_latest(system, called) for called in workers}
        return found.pop() if len(found) == 1 else 0

    return await eventually(lambda: f"{workers} share", RECOVERY_S, common)


async def _generation(system: System, workers: Sequence[str], at_least: int) -> int:
    """The latest one of the group that these workers have joined; each change of partitions makes another."""

    async def latest() -> int:
        found = max(_latest(system, called) for called in workers)
        return found if found >= at_least else 0

    return await eventually(lambda: f"generation {at_least}", RECOVERY_S, latest)


def _latest(system: System, called: str) -> int:
    return max(map(int, re.findall(r"\(generation (\d+)\)", system.log_of(called).read_text())), default=0)


async def test_workers_die_while_they_release(scene: Scene, random: Random) -> None:
    """Everything of a post waits behind what is no event, until that is given up.

    The last test of a system: who fills a view again meets it again. So what lived until now is built again before.
    """
    system, (_, post_id) = scene.system, scene.bystander()
    earlier = frozenset(scene.poisoned)
    async with scene.place() as place:
        await scene.judge_rebuilt()
        async with scene.under_load(place, random) as load:
            async with producing(system.settings.kafka) as producer:
                event_id = await _poison(scene, producer, post_id)
            await load.acknowledged(random.randint(60, 120))
            await asyncio.gather(*(_begin(system, name, f"{RELEASE}:1") for name in OF_POSTS))
            await asyncio.gather(*(_give_up(system, place, name, post_id, event_id) for name in OF_POSTS))
            await _died(system, OF_POSTS)
        await scene.judge(place, discarded=scene.poisoned - earlier)
        scene.is_sound = False


async def _poison(scene: Scene, producer: AIOKafkaProducer, post_id: str) -> int:
    """Under the key of a post, so that it comes between the post's events."""
    scene.park(post_id)
    _, value, headers = SHAPES[ENGAGEMENT]["unknown type"]
    sent = await producer.send_and_wait(
        physical(scene.system.namespace, ENGAGEMENT), value, post_id.encode(), headers=headers
    )
    scene.poisoned.add(((ENGAGEMENT, sent.partition), sent.offset))
    return int(dict(headers)["ce_id"] or 0)


async def _give_up(system: System, place: Place, name: str, key: str, event_id: int) -> None:
    """As an operator does who is told that something is parked."""

    async def has_parked() -> bool:
        parked = await (await live(place))[name].parked()
        return len([event for event in parked if event.key == key]) > 1

    await eventually(lambda: f"{name} parks", RECOVERY_S, has_parked)
    arguments = ("parked", "discard", name, key, "--event", str(event_id), "--yes")
    done = await asyncio.to_thread(system.cluster.run, *arguments)
    assert done.returncode == 0, done.stderr
