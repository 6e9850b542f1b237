"""Several processes of one reactor share its partitions: each is somebody's, and nobody's while it changes hands."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Collection
from contextlib import suppress

import pytest

from events.topics import ACCOUNTS, MEDIA, NAMES, POSTS
from stores.kafka.share import KafkaShare
from stores.ports.errors import UnavailableError
from stores.ports.log import Partition
from tests.distributed.kafka import PARTITION_COUNT, fresh_topics
from tests.services.addresses import Addresses

TWO = (MEDIA, NAMES)


class Member:
    """What one process was told."""

    def __init__(self, share: KafkaShare) -> None:
        self.holds: frozenset[Partition] = frozenset()
        self.told: list[frozenset[Partition]] = []
        self.changed = asyncio.Event()
        self.task = asyncio.create_task(share.run(self._held))

    async def _held(self, partitions: frozenset[Partition]) -> None:
        self.holds = partitions
        self.told.append(partitions)
        self.changed.set()

    async def leave(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


@pytest.fixture
async def namespace(addresses: Addresses) -> AsyncIterator[str]:
    async with fresh_topics(addresses.kafka) as namespace:
        yield namespace


async def settled(*members: Member, topics: Collection[str] = TWO) -> None:
    """Returns when they hold everything between them, and each something."""
    every = {(topic, number) for topic in topics for number in range(PARTITION_COUNT)}
    async with asyncio.timeout(60):
        while not (all(m.holds for m in members) and set().union(*(m.holds for m in members)) == every):
            for member in members:
                member.changed.clear()
            await asyncio.wait(
                [asyncio.create_task(m.changed.wait()) for m in members], return_when=asyncio.FIRST_COMPLETED
            )
    assert sum(len(member.holds) for member in members) == len(every)


async def test_partitions_are_shared_and_change_hands(addresses: Addresses, namespace: str) -> None:
    share = KafkaShare(addresses.kafka, namespace, uuid.uuid4().hex, TWO)
    one = Member(share)
    await settled(one)
    two = Member(share)
    await settled(one, two)
    assert one.told[-2:] == [frozenset(), one.holds], "given up before they are given to others"
    await one.leave()
    assert one.holds == frozenset()
    await settled(two)
    await two.leave()


async def test_what_has_one_key_is_one_members_in_all_topics(addresses: Addresses, namespace: str) -> None:
    """Three members: where two or four share, partitions that are dealt out in turn meet by chance."""
    topics = (ACCOUNTS, MEDIA, POSTS)
    share = KafkaShare(addresses.kafka, namespace, uuid.uuid4().hex, topics)
    members = [Member(share) for _ in range(3)]
    await settled(*members, topics=topics)
    for member in members:
        numbers = [{number for topic, number in member.holds if topic == one} for one in topics]
        assert numbers[0] == numbers[1] == numbers[2]
    for member in members:
        await member.leave()


async def test_nobody_is_given_what_another_has_not_let_go(addresses: Addresses, namespace: str) -> None:
    share = KafkaShare(addresses.kafka, namespace, uuid.uuid4().hex, TWO)
    working, gate = asyncio.Event(), asyncio.Event()

    async def slowly(partitions: frozenset[Partition]) -> None:
        if partitions:
            working.set()
        elif working.is_set():
            await gate.wait()

    slow = asyncio.create_task(share.run(slowly))
    await working.wait()
    other = Member(share)
    await asyncio.wait([asyncio.create_task(other.changed.wait())], timeout=2)
    assert other.holds == frozenset()
    gate.set()
    await settled_once(other)
    slow.cancel()
    with suppress(asyncio.CancelledError):
        await slow
    await other.leave()


async def settled_once(member: Member) -> None:
    async with asyncio.timeout(60):
        while not member.holds:
            member.changed.clear()
            await member.changed.wait()


async def test_what_the_work_raises_ends_the_membership(addresses: Addresses, namespace: str) -> None:
    async def fails(partitions: frozenset[Partition]) -> None:
        if partitions:
            raise RuntimeError("cannot work")

    share = KafkaShare(addresses.kafka, namespace, uuid.uuid4().hex, TWO)
    with pytest.raises(RuntimeError, match="cannot work"):
        await share.run(fails)


async def test_a_cluster_that_is_away_is_said(unused_tcp_port: int) -> None:
    told: list[frozenset[Partition]] = []

    async def held(partitions: frozenset[Partition]) -> None:
        told.append(partitions)

    share = KafkaShare(f"127.0.0.1:{unused_tcp_port}", "photolog", "reactors", (MEDIA,))
    with pytest.raises(UnavailableError):
        await share.run(held)
    assert set(told) == {frozenset()}
