"""The log is away, says everything several times, and holds what is no event."""

import asyncio
from random import Random

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from events.topics import TOPICS
from projectors.catalogue import BY_NAME
from runtime.worker import group_of
from stores.kafka.names import logical, physical
from tests.distributed.chaos.poison import SHAPES
from tests.distributed.chaos.scene import Scene
from tests.distributed.chaos.system import System
from tests.distributed.chaos.worker import REPEATS
from tests.distributed.kafka import producing

pytestmark = pytest.mark.timeout(900)


async def test_the_broker_is_killed(scene: Scene, random: Random) -> None:
    async with scene.place() as place:
        async with scene.under_load(place, random) as load:
            await load.acknowledged(random.randint(20, 60))
            await asyncio.to_thread(scene.stack.kill, "kafka")
            await _refused(scene)
            await asyncio.to_thread(scene.stack.start, "kafka")
        await scene.judge(place)


async def _refused(scene: Scene) -> None:
    """Nothing is promised while the log is away, and what is there is read."""
    writer, post_id = scene.bystander()
    headers = {"Authorization": f"Bearer {writer.token}"}
    async with httpx2.AsyncClient(base_url=scene.system.server.url, timeout=30) as http:
        written = await http.put(f"/v1/posts/{post_id}/like", headers=headers)
        assert written.status_code == 503, written.text
        assert int(written.headers["Retry-After"]) > 0
        read = await http.get(f"/v1/posts/{post_id}", headers=headers)
        assert read.status_code == 200, read.text


async def test_everything_is_delivered_up_to_three_times(scene: Scene, random: Random) -> None:
    """From the beginning, to workers whose consumers have forgotten how far they were."""
    system = scene.system
    async with scene.place() as place:
        async with scene.under_load(place, random):
            await asyncio.gather(*(asyncio.to_thread(system.leave, name) for name in BY_NAME))
            for name in BY_NAME:
                await _forget(system, name)
                system.begin(name, {REPEATS: str(random.random())})
        await scene.judge(place)
        await asyncio.gather(*(asyncio.to_thread(system.restart, name) for name in BY_NAME))


async def _forget(system: System, name: str) -> None:
    """Put the offsets of the group back to the beginning."""
    settings = system.settings
    topics = [physical(system.namespace, topic) for topic in BY_NAME[name].topics]
    group = group_of(system.namespace, BY_NAME[name])
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(t, number) for t in topics for number in range(settings.kafka_partitions)]
        consumer.assign(places)
        await consumer.commit(dict.fromkeys(places, 0))
    finally:
        await consumer.stop()


async def test_what_is_no_event_is_set_aside(scene: Scene, random: Random) -> None:
    system = scene.system
    async with scene.place() as place:
        async with scene.under_load(place, random) as load, producing(system.settings.kafka) as producer:
            for topic in TOPICS:
                for key, value, headers in SHAPES[topic].values():
                    number = random.randrange(system.settings.kafka_partitions)
                    sent = await producer.send_and_wait(
                        physical(system.namespace, topic), value, key, partition=number, headers=headers
                    )
                    scene.poisoned.add(((logical(system.namespace, sent.topic), number), sent.offset))
                await load.acknowledged(random.randint(1, 10))
        await scene.judge(place)
    told = await asyncio.to_thread(system.cluster.run, "replay", "history", "--json")
    assert told.returncode == 0, told.stderr
