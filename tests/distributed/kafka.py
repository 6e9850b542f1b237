"""Topics of their own for each test, and messages that are not ours."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from events.topics import TOPICS
from stores.kafka.names import physical
from stores.kafka.reader import KafkaLogReader
from stores.kafka.topics import administrator, create_topics, needed_settings
from stores.ports.errors import UnavailableError

PARTITION_COUNT = 4


@asynccontextmanager
async def fresh_topics(bootstrap: str) -> AsyncIterator[str]:
    """Their namespace."""
    namespace = f"t{uuid.uuid4().hex[:12]}"
    await create_topics(bootstrap, namespace, PARTITION_COUNT, 1)
    await _led(bootstrap, namespace)
    yield namespace
    async with administrator(bootstrap) as admin:
        await admin.delete_topics([physical(namespace, topic) for topic in TOPICS])


async def _led(bootstrap: str, namespace: str) -> None:
    """Returns when the leaders know that they are, which is after everybody else knows; tests with short deadlines begin then."""
    reader = KafkaLogReader(bootstrap, namespace)
    while True:
        try:
            await reader.ends(TOPICS)
        except UnavailableError:
            continue
        break
    await reader.close()


@asynccontextmanager
async def producing(bootstrap: str, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Somebody else's producer."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, **options)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def configure(bootstrap: str, topic: str, changes: Mapping[str, str]) -> None:
    """As topics are made, but for these. Returns when brokers act by it, which is after the controller has said so."""
    settings = {**needed_settings(1), **changes}
    async with administrator(bootstrap) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
        while not settings.items() <= (await settings_of(admin, topic)).items():
            pass


async def settings_of(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    (response,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return {name: value for name, value, *_ in response.resources[0][-1]}


async def put(
    bootstrap: str,
    topic: str,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[str, bytes | None]],
) -> int:
    """One message into partition 0; its offset."""
    async with producing(bootstrap) as producer:
        sent = await producer.send_and_wait(topic, value, key, partition=0, headers=list(headers))
    return int(sent.offset)
