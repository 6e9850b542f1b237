"""Cassandra keeps the contract of the likes view."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import pytest

from stores.cassandra.buckets import bucket_of
from stores.cassandra.likes import CassandraLikes
from stores.cassandra.session import Statement
from tests.contract.applying import folded
from tests.contract.likes import LikesContract, like, unlike
from tests.contract.view import DiedError
from tests.distributed.cassandra import Keyspace

POST = 21
NEIGHBOURS = list(islice((user_id for user_id in range(1, 1_000) if bucket_of(user_id) == 3), 3))
"""In one partition of the post."""


class TestCassandraLikes(LikesContract):
    @pytest.fixture
    def fresh(self, keyspace: Keyspace) -> Callable[[], CassandraLikes]:
        return lambda: keyspace.fresh(CassandraLikes)

    async def test_whoever_comes_after_writes_what_users_like_once_more(
        self, view: CassandraLikes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The facts of the post have landed, and what its likers like has not."""
        first, second, third = NEIGHBOURS
        events = await folded(
            view, like(POST, first, 1), like(POST, second, 2), unlike(POST, first, 3), like(POST, third, 4)
        )
        write = view._batches

        async def half(batches: Iterable[Sequence[Statement]]) -> None:
            await write([some for some in batches if "likes_by_user" not in some[0][0]])
            raise DiedError

        with monkeypatch.context() as dying:
            dying.setattr(view, "_batches", half)
            with pytest.raises(DiedError):
                await view.apply(events)
        assert (await view.likers(POST, None, 9)).items == (third, second)
        assert [await view.liked(user_id, [POST]) for user_id in NEIGHBOURS] == [set(), set(), set()]
        await view.apply(events)
        assert [await view.liked(user_id, [POST]) for user_id in NEIGHBOURS] == [set(), {POST}, {POST}]
        assert await view.counts([POST]) == {POST: 2}
