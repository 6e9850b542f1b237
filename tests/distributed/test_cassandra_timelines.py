"""Cassandra keeps the contract of the timelines view."""

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random

import pytest

from events.ids import EPOCH_MS, first_id_at
from stores.cassandra import served_rows
from stores.cassandra.periods import DAY_MS
from stores.cassandra.questions import KEYS_AT_ONCE
from stores.cassandra.timelines import CassandraTimelines
from stores.ports.errors import UnavailableError
from tests.contract.applying import apply
from tests.contract.paging import all_items
from tests.contract.timelines import TimelinesContract, gone, put, shown
from tests.distributed.cassandra import Keyspace, Served


class TestCassandraTimelines(TimelinesContract):
    @pytest.fixture(params=[False, True], ids=["facts", "served"])
    def fresh(self, keyspace: Keyspace, request: pytest.FixtureRequest) -> Callable[[], CassandraTimelines]:
        """As it is written, and as clients are shown it: from Redis where that has it."""
        return lambda: keyspace.fresh(CassandraTimelines, believed=request.param)

    async def test_more_authors_than_one_query_asks_for(self, view: CassandraTimelines) -> None:
        """A few are prolific, most have one post or none."""
        random, authors = Random(5), range(1, 2 * KEYS_AT_ONCE + 2)
        wrote = {n: random.choice((n % len(authors) + 1, 7, 8)) for n in range(1, 301)}
        await apply(view, *(put(post_id, author_id=author_id) for post_id, author_id in wrote.items()))
        expected = sorted(wrote.items(), reverse=True)
        for before, limit in ((None, 1), (None, 30), (200, 30), (40, 100), (1, 5)):
            below = [item for item in expected if before is None or item[0] < before]
            assert list(await view.of_authors(authors, before, limit)) == below[:limit]
        counts = await view.post_counts(authors)
        assert counts == {author: [*wrote.values()].count(author) for author in {*wrote.values()}}

    async def test_a_tag_over_the_years(self, view: CassandraTimelines) -> None:
        """Most stretches of time have no post with it, some have two."""
        posts = [first_id_at(EPOCH_MS + n * 17 * DAY_MS) + 1 for n in range(0, 120, 2)]
        posts += [post_id + 1 for post_id in posts[::9]]
        await apply(view, *(put(post_id, ("sea",)) for post_id in posts))
        assert await all_items(partial(view.with_tag, "sea"), limit=7) == sorted(posts, reverse=True)
        assert await all_items(partial(view.with_tag, "sky"), limit=7) == []

    async def test_nothing_that_was_written_stays_of_a_deleted_post(self, view: CassandraTimelines) -> None:
        await apply(view, put(21, ("sea",)))
        await apply(view, gone(21))
        (row,) = await view._rows("SELECT * FROM {posts} WHERE post_id = ?", 21)
        assert [value for value in row if value is not None] == [21, True, 1]
        assert (
            await view._rows("SELECT * FROM {tags} WHERE tag = ? AND period = ?", "sea", 20_454 // 30) == []
        )

    async def test_what_is_gone_is_not_shown_whatever_a_list_says(self, view: CassandraTimelines) -> None:
        """Lists and posts are written beside each other."""
        await apply(view, put(21), gone(21))
        await view._many(
            "INSERT INTO {timelines} (author_id, state, post_id) VALUES (?,'listed',?)", [(12, 21)]
        )
        assert (await view.of_author(12, None, 5)).items == (21,)
        assert await shown(view, 21) is None


class TestServedTimelines:
    @pytest.fixture
    def view(self, keyspace: Keyspace) -> CassandraTimelines:
        view: CassandraTimelines = keyspace.fresh(CassandraTimelines, believed=True)
        return view

    async def test_what_is_served_is_not_asked_of_cassandra(self, view: CassandraTimelines) -> None:
        await apply(view, put(21), put(22))
        await view._rows("DELETE FROM {posts} WHERE post_id = ?", 21)
        assert set(await view.posts([21, 22])) == {21, 22}

    async def test_what_redis_has_lost_is_served_again(
        self, view: CassandraTimelines, served: Served
    ) -> None:
        await apply(view, put(21))
        before = await view.posts([21])
        await served.redis.flushdb()
        assert await view.posts([21]) == before
        await view._rows("DELETE FROM {posts} WHERE post_id = ?", 21)
        assert await view.posts([21]) == before

    async def test_who_looks_at_the_facts_is_not_shown_copies(self, keyspace: Keyspace) -> None:
        view = keyspace.fresh(CassandraTimelines)
        await apply(view, put(21))
        await view._rows("DELETE FROM {posts} WHERE post_id = ?", 21)
        assert await view.posts([21]) == {}

    @pytest.mark.parametrize("is_slow", [False, True])
    async def test_readers_do_not_wait_for_redis(
        self, view: CassandraTimelines, monkeypatch: pytest.MonkeyPatch, is_slow: bool
    ) -> None:
        """Nor ask it again at once."""
        await apply(view, put(21))
        asked = []

        async def away(*_: object) -> None:
            asked.append(1)
            if is_slow:
                await asyncio.Event().wait()
            raise UnavailableError("away")

        monkeypatch.setattr(served_rows, "_PATIENCE_S", 0.01)
        monkeypatch.setattr(view._served, "get", away)
        monkeypatch.setattr(view._served, "fill", away)
        for _ in range(3):
            assert set(await view.posts([21])) == {21}
        assert len(asked) == 1

    async def test_projectors_wait_for_redis(
        self, view: CassandraTimelines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: object) -> None:
            raise UnavailableError("away")

        monkeypatch.setattr(view._served, "put", away)
        with pytest.raises(UnavailableError):
            await apply(view, put(21))
        assert await view.positions() == {}
