"""The topics as they have to be: made by `photolog migrate`, looked after by `photolog doctor`.

Events are kept for ever, and the number of partitions of a topic never changes: a key would move to another partition, and its
events would lose their order. What an operator has configured otherwise is said and not changed.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, NodeNotReadyError, NoError, TopicAlreadyExistsError, for_code

from events.topics import TOPICS
from stores.kafka.names import physical
from stores.ports.errors import StoreError, UnavailableError

_DEADLINE_S = 30.0
_PAUSE_S = 0.05
_MIN_INSYNC = "min.insync.replicas"
_SAFE_REPLICAS_COUNT = 3


def needed_settings(replication: int) -> Mapping[str, str]:
    """Of every topic. All replicas but one have to have an event before it is acknowledged, with one replica that one."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": str(1 << 20),
        "message.timestamp.type": "LogAppendTime",  # else a broker refuses the events of a host whose clock is fast
        "unclean.leader.election.enable": "false",
        _MIN_INSYNC: str(max(1, replication - 1)),
    }


async def create_topics(bootstrap: str, namespace: str, partition_count: int, replication: int) -> None:
    """Makes those that are missing, and returns when they can be used; repeatable, also by two at once.

    Raises StoreError when a topic has another number of partitions or cannot be made, UnavailableError when Kafka is away.
    """
    settings = dict(needed_settings(replication))
    names = [physical(namespace, topic) for topic in TOPICS]
    async with _admin(bootstrap) as admin:
        response = await admin.create_topics(
            [NewTopic(name, partition_count, replication, topic_configs=settings) for name in names]
        )
        for name, code, message, *_ in response.topic_errors:
            if for_code(code) not in (NoError, TopicAlreadyExistsError):
                raise StoreError(f"topic {name} cannot be made: {message or for_code(code).__name__}")
        for name, partitions in (await _ready(admin, names)).items():
            if len(partitions) != partition_count:
                raise StoreError(_wrong_count(name, len(partitions), partition_count))


async def check_topics(bootstrap: str, namespace: str, partition_count: int, replication: int) -> list[str]:
    """What is wrong, one line each; empty when all is well. Never raises for what it is to find."""
    names = [physical(namespace, topic) for topic in TOPICS]
    try:
        async with _admin(bootstrap) as admin:
            broker_count = len((await admin.describe_cluster())["brokers"])
            found = await _partitions(admin, names)
            settings = await _settings(admin, [name for name in names if name in found])
    except UnavailableError as error:
        return [f"kafka: {error}"]
    problems = [
        f"kafka: topic {name} is missing; run `photolog migrate`" for name in names if name not in found
    ]
    for name, partitions in found.items():
        if len(partitions) != partition_count:
            problems.append(f"kafka: {_wrong_count(name, len(partitions), partition_count)}")
        replicas_count = min(len(partition["replicas"]) for partition in partitions)
        told = [
            *of_replicas(replicas_count, replication, broker_count),
            *_of_settings(settings[name], replication),
        ]
        problems += [f"kafka: topic {name} has {line}" for line in told]
    return problems


def of_replicas(found: int, wanted: int, broker_count: int) -> Iterator[str]:
    """What is wrong with so many replicas, where the settings want others and so many brokers could hold one each."""
    if found < wanted:
        yield f"{found} replicas, fewer than {wanted}"
    elif found < min(_SAFE_REPLICAS_COUNT, broker_count):
        yield f"{found} replicas; a broker that is lost takes with it what only it has, use {_SAFE_REPLICAS_COUNT}"


def _of_settings(found: Mapping[str, str], replication: int) -> Iterator[str]:
    for setting, needed in needed_settings(replication).items():
        is_enough = setting == _MIN_INSYNC and int(found[setting]) >= int(needed)
        if found[setting] != needed and not is_enough:
            yield f"{setting}={found[setting]}, which has to be {needed}"


def _wrong_count(name: str, found: int, needed: int) -> str:
    return f"topic {name} has {found} partitions, the settings say {needed}; the number never changes once it is made"


@asynccontextmanager
async def administrator(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Begins when there is somebody to ask. A broker that has just come back, or was frozen, knows of no broker for a moment, and
    whoever has asked it then has to begin anew. Raises KafkaError when nobody answers.
    """
    while True:
        admin = AIOKafkaAdminClient(
            bootstrap_servers=bootstrap, client_id="photolog", request_timeout_ms=10_000
        )
        try:
            await admin.start()
            if await _knows_brokers(admin):
                yield admin
                return
        finally:
            await admin.close()
        await asyncio.sleep(_PAUSE_S)


async def _knows_brokers(admin: AIOKafkaAdminClient) -> bool:
    try:
        return bool((await admin.describe_cluster())["brokers"])
    except NodeNotReadyError:
        return False


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    try:
        async with asyncio.timeout(_DEADLINE_S), administrator(bootstrap) as admin:
            yield admin
    except (KafkaError, TimeoutError) as error:
        raise UnavailableError(f"{bootstrap} does not answer: {type(error).__name__}") from error


async def _partitions(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Of the topics that are there."""
    described = await admin.describe_topics(names)
    return {
        topic["topic"]: topic["partitions"] for topic in described if for_code(topic["error_code"]) is NoError
    }


async def _ready(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Of all topics, once the brokers have heard of them and each partition is led. The caller's deadline bounds it."""
    while True:
        found = await _partitions(admin, names)
        leaders = [partition["leader"] for partitions in found.values() for partition in partitions]
        if len(found) == len(names) and -1 not in leaders:
            return found
        await asyncio.sleep(_PAUSE_S)


async def _settings(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found = {}
    for response in await admin.describe_configs(wanted) if wanted else ():
        for code, message, _, name, entries in response.resources:
            if for_code(code) is not NoError:
                raise UnavailableError(f"the settings of {name} cannot be read: {message}")
            found[name] = {setting: value for setting, value, *_ in entries}
    return found
