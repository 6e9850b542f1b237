"""Topics are made once, as events need them, and never changed."""

import asyncio
import uuid

import pytest

from events.topics import NAMES, POSTS, TOPICS
from stores.kafka.names import physical
from stores.kafka.topics import administrator, check_topics, create_topics, of_replicas
from stores.ports.errors import StoreError, UnavailableError
from tests.distributed.kafka import PARTITION_COUNT, configure, fresh_topics, settings_of
from tests.services.addresses import Addresses


async def test_made_topics_are_well(addresses: Addresses) -> None:
    async with fresh_topics(addresses.kafka) as namespace:
        assert await check_topics(addresses.kafka, namespace, PARTITION_COUNT, 1) == []


async def test_making_them_again_changes_nothing_also_at_once(addresses: Addresses) -> None:
    async with fresh_topics(addresses.kafka) as namespace:
        posts = physical(namespace, POSTS)
        await configure(addresses.kafka, posts, {"retention.ms": "1000000000"})
        await asyncio.gather(
            *(create_topics(addresses.kafka, namespace, PARTITION_COUNT, 1) for _ in range(3))
        )
        async with administrator(addresses.kafka) as admin:
            assert (await settings_of(admin, posts))["retention.ms"] == "1000000000"


async def test_another_number_of_partitions_is_refused(addresses: Addresses) -> None:
    async with fresh_topics(addresses.kafka) as namespace:
        with pytest.raises(
            StoreError, match=r"has 4 partitions, the settings say 5; the number never changes"
        ):
            await create_topics(addresses.kafka, namespace, 5, 1)
        problems = await check_topics(addresses.kafka, namespace, 5, 1)
        assert len(problems) == len(TOPICS)
        assert all("has 4 partitions, the settings say 5" in problem for problem in problems)


async def test_replication_that_the_cluster_cannot_give_is_said(addresses: Addresses) -> None:
    with pytest.raises(StoreError, match="cannot be made"):
        await create_topics(addresses.kafka, f"t{uuid.uuid4().hex}", 1, 3)


async def test_what_is_missing_or_otherwise_is_said_in_one_line_each(addresses: Addresses) -> None:
    async with fresh_topics(addresses.kafka) as namespace:
        posts, names = physical(namespace, POSTS), physical(namespace, NAMES)
        await configure(addresses.kafka, posts, {"retention.ms": "1000000000", "cleanup.policy": "compact"})
        async with administrator(addresses.kafka) as admin:
            await admin.delete_topics([names])
            while names in await admin.list_topics():
                pass
        problems = await check_topics(addresses.kafka, namespace, PARTITION_COUNT, 1)
        assert f"kafka: topic {names} is missing; run `photolog migrate`" in problems
        assert f"kafka: topic {posts} has retention.ms=1000000000, which has to be -1" in problems
        assert f"kafka: topic {posts} has cleanup.policy=compact, which has to be delete" in problems
        assert not [problem for problem in problems if "\n" in problem]


async def test_replicas_are_compared_with_what_is_promised(addresses: Addresses) -> None:
    async with fresh_topics(addresses.kafka) as namespace:
        problems = await check_topics(addresses.kafka, namespace, PARTITION_COUNT, 3)
        posts = physical(namespace, POSTS)
        assert f"kafka: topic {posts} has 1 replicas, fewer than 3" in problems
        assert f"kafka: topic {posts} has min.insync.replicas=1, which has to be 2" in problems


@pytest.mark.parametrize(
    ("found", "wanted", "broker_count", "said"),
    [
        (1, 1, 1, []),
        (1, 1, 2, ["1 replicas; a broker that is lost"]),
        (2, 2, 3, ["2 replicas; a broker that is lost"]),
        (2, 3, 3, ["2 replicas, fewer than 3"]),
        (3, 3, 5, []),
    ],
)
def test_replicas_and_brokers(found: int, wanted: int, broker_count: int, said: list[str]) -> None:
    lines = of_replicas(found, wanted, broker_count)
    assert [line.startswith(start) for line, start in zip(lines, said, strict=True)] == [True] * len(said)


async def test_more_replicas_in_sync_than_needed_are_well(addresses: Addresses) -> None:
    async with fresh_topics(addresses.kafka) as namespace:
        await configure(addresses.kafka, physical(namespace, POSTS), {"min.insync.replicas": "2"})
        assert await check_topics(addresses.kafka, namespace, PARTITION_COUNT, 1) == []


async def test_a_cluster_that_is_away_is_said(unused_tcp_port: int) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    assert await check_topics(address, "photolog", 8, 3) == [
        f"kafka: {address} does not answer: KafkaConnectionError"
    ]
    with pytest.raises(UnavailableError):
        await create_topics(address, "photolog", 8, 3)
