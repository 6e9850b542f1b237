"""The contract of views on Redis, for the view of every projection that is kept there, in one bucket and in several."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from redis.asyncio import Redis

from events.envelope import Envelope
from stores.ports.crash import Crash, survive
from stores.ports.errors import UnavailableError
from stores.ports.log import Entry, Partition
from stores.ports.view import Folded, View
from stores.redis.feeds import RedisFeeds
from stores.redis.search import RedisSearch
from stores.redis.view import RedisView
from tests.contract.log import record
from tests.contract.view import DiedError, Events, OpenView, Read, ViewContract, dying_at
from tests.distributed.redis import FEEDS, SEARCH, emptied
from tests.distributed.redis_buckets import put_back, snapshot
from tests.property.stories import Story
from tests.property.subjects import SUBJECTS, Subject
from tests.services.addresses import Addresses

_PARTITION = ("photolog.contract", 0)

Open = Callable[[Redis, int, Crash], RedisView[Any]]
"""By generation."""


def _feeds(bucket_count: int, celebrity_threshold: int) -> Open:
    return lambda redis, generation, crash: RedisFeeds(
        redis, generation, bucket_count, cap=5, celebrity_threshold=celebrity_threshold, crash=crash
    )


def _search(shard_count: int) -> Open:
    return lambda redis, generation, crash: RedisSearch(redis, generation, shard_count, crash)


@dataclass(frozen=True, slots=True)
class Case:
    projection: str
    database: int
    open: Open


CASES = {
    "feeds in one bucket": Case("feeds", FEEDS, _feeds(1, 2)),
    "feeds in three": Case("feeds", FEEDS, _feeds(3, 6)),
    "search in one shard": Case("search", SEARCH, _search(1)),
    "search in three": Case("search", SEARCH, _search(3)),
}


@pytest.fixture(params=list(CASES.values()), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
async def redis(addresses: Addresses, case: Case) -> AsyncIterator[Redis]:
    async with emptied(addresses, case.database) as found:
        yield found


@pytest.fixture
def subject(case: Case) -> Subject:
    return next(subject for subject in SUBJECTS if subject.projection.name == case.projection)


@pytest.fixture
def told(subject: Subject) -> list[Envelope]:
    """Every action of the projection on a few things."""
    random = Random(4)
    choices = [(n, random.randrange(4), random.randrange(4), random.randrange(8)) for n in range(32)]
    return [
        event
        for event in Story().tell(subject.actions, choices)
        if isinstance(event, subject.projection.events)
    ]


@pytest.fixture
def events(subject: Subject, told: list[Envelope]) -> list[Folded[Any]]:
    project = subject.projection.project
    return [Folded(_PARTITION, n, event.id, event.key, tuple(project(event))) for n, event in enumerate(told)]


@pytest.fixture
def open_view(case: Case, redis: Redis) -> OpenView:
    return lambda crash: case.open(redis, 1, crash)


@pytest.fixture
def open_other(case: Case, redis: Redis) -> OpenView:
    return lambda crash: case.open(redis, 2, crash)


class _Offsets:
    """Stands for the log where a view says at which offset something stands: the record there has the offset as its id."""

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        return [Entry(partition, first, record(id_=first))]


@pytest.fixture
def read(subject: Subject, told: list[Envelope]) -> Read:
    """Through the reader's port, as if the view were filled: some are not read before."""

    async def read(view: View[Any]) -> object:
        await view.filled()
        return await subject.read(view, told, _Offsets())

    return read


class TestRedisViews(ViewContract):
    async def test_the_events_of_this_suite_change_something(
        self, view: View[Any], events: Events, read: Read
    ) -> None:
        empty = await read(view)
        await view.apply(events)
        assert await read(view) != empty

    async def test_an_emptied_part_is_filled_again(
        self, case: Case, redis: Redis, events: Events, read: Read
    ) -> None:
        """By the same events, which change nothing of the other parts."""
        view = case.open(redis, 1, survive)
        await view.apply(events)
        before = await read(view)
        for part in range(view.parts_count):
            await view.empty(part)
            assert await view.positions() == {}
            assert not await case.open(redis, 1, survive).believed()
            await view.apply(events)
            assert await read(view) == before

    async def test_a_part_that_is_half_emptied_takes_nothing(
        self, case: Case, redis: Redis, events: Events, read: Read
    ) -> None:
        view = case.open(redis, 1, survive)
        await view.apply(events[:-1])
        await view.filled()
        with pytest.raises(DiedError):
            await case.open(redis, 1, dying_at("part.half_emptied")).empty(0)
        assert await view.half_emptied() == [0]
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await view.apply(events)
        await view.filled()
        assert not await case.open(redis, 1, survive).believed()
        await view.empty(0)
        assert await view.half_emptied() == []
        await view.apply(events)
        filled = await read(view)
        other = case.open(redis, 2, survive)
        await other.apply(events)
        assert filled == await read(other)

    async def test_a_part_that_goes_back_to_when_it_was_filled_is_no_more_filled(
        self, case: Case, redis: Redis, events: Events
    ) -> None:
        """The view's position does not move."""
        view = case.open(redis, 1, survive)
        await view.apply(events)
        assert not await view.is_filled()
        before = await snapshot(redis, view.buckets[0])
        await view.filled()
        assert await view.is_filled()
        stood = await view.positions()
        await put_back(redis, view.buckets[0], before)
        assert await view.positions() == stood
        assert not await view.is_filled()
        await view.filled()
        assert await view.is_filled()
