"""The contract of the likes view."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stores.ports.likes import LikesChange, LikeSet, LikesReader
from stores.ports.view import View
from tests.contract.applying import apply
from tests.contract.paging import all_items

POSTS, USERS = (1, 2, 3), (11, 12, 13)
edges = st.tuples(st.sampled_from(POSTS), st.sampled_from(USERS), st.booleans())


class LikesView(View[LikesChange], LikesReader, Protocol):
    pass


def like(post_id: int, user_id: int, at_id: int) -> LikeSet:
    return LikeSet(post_id, user_id, liked=True, at_id=at_id)


def unlike(post_id: int, user_id: int, at_id: int) -> LikeSet:
    return LikeSet(post_id, user_id, liked=False, at_id=at_id)


class LikesContract:
    """`fresh` makes empty views."""

    @pytest.fixture
    def view(self, fresh: Callable[[], LikesView]) -> LikesView:
        return fresh()

    async def test_nobody_likes_anything_at_first(self, view: LikesView) -> None:
        assert (await view.counts([1])).get(1, 0) == 0
        assert not await view.liked(11, [1])
        assert (await view.likers(1, None, 10)).items == ()

    async def test_a_repeated_like_is_one_like(self, view: LikesView) -> None:
        await apply(view, like(1, 11, at_id=5), like(1, 11, at_id=6))
        await apply(view, like(1, 11, at_id=7))
        assert dict(await view.counts([1])) == {1: 1}

    async def test_a_like_that_was_taken_back_twice_is_gone_once(self, view: LikesView) -> None:
        await apply(view, like(1, 11, at_id=5), like(1, 12, at_id=6), unlike(1, 11, at_id=7))
        await apply(view, unlike(1, 11, at_id=8))
        assert dict(await view.counts([1])) == {1: 1}
        assert set(await view.liked(12, [1])) == {1}
        assert not await view.liked(11, [1])

    async def test_the_latest_like_comes_first_and_repeating_it_does_not_move_it(
        self, view: LikesView
    ) -> None:
        await apply(view, like(1, 11, at_id=5), like(1, 12, at_id=6), like(1, 11, at_id=7))
        assert (await view.likers(1, None, 10)).items == (12, 11)

    async def test_the_last_page_has_no_next_key(self, view: LikesView) -> None:
        await apply(view, like(1, 11, at_id=5), like(1, 12, at_id=6))
        assert (await view.likers(1, None, 2)).next_key is None

    async def test_what_was_read_before_a_change_is_not_read_after_it(self, view: LikesView) -> None:
        await view.counts([1])
        await view.liked(11, [1])
        await apply(view, like(1, 11, at_id=5))
        assert (await view.counts([1]))[1] == 1
        assert set(await view.liked(11, [1])) == {1}

    @given(batches=st.lists(st.lists(edges, max_size=8), max_size=5))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_it_is_the_set_of_likes(
        self, fresh: Callable[[], LikesView], batches: Sequence[Sequence[tuple[int, int, bool]]]
    ) -> None:
        view, model, at_id = fresh(), dict[tuple[int, int], int](), 0
        for batch in batches:
            changes = []
            for post_id, user_id, liked in batch:
                at_id += 1
                changes.append(LikeSet(post_id, user_id, liked, at_id))
                if liked:
                    model.setdefault((post_id, user_id), at_id)
                else:
                    model.pop((post_id, user_id), None)
            await apply(view, *changes)
            await self._check(view, model)

    async def _check(self, view: LikesView, model: dict[tuple[int, int], int]) -> None:
        counts = await view.counts(POSTS)
        for post_id in POSTS:
            likes = {user_id: at_id for (post, user_id), at_id in model.items() if post == post_id}
            latest_first = sorted(likes, key=lambda user_id: -likes[user_id])
            assert counts.get(post_id, 0) == len(likes)
            assert await all_items(partial(view.likers, post_id), limit=2) == latest_first
        for user_id in USERS:
            assert set(await view.liked(user_id, POSTS)) == {post for post, user in model if user == user_id}
