"""The contract of `stores.ports.graph`, for every adapter. An adapter's test file gives `view`, empty."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from events.topics import GRAPH
from stores.ports.graph import FollowSet, GraphChange, GraphCounts, GraphReader
from stores.ports.page import Page
from stores.ports.view import Folded, View
from tests.contract.applying import apply, apply_each

ADA, BO, CY, DEE = 11, 12, 13, 14


class GraphView(View[GraphChange], GraphReader, Protocol):
    """What an adapter is."""


def follows(follower_id: int, followed_id: int, at_id: int) -> FollowSet:
    return FollowSet(follower_id, followed_id, following=True, at_id=at_id)


def unfollows(follower_id: int, followed_id: int, at_id: int) -> FollowSet:
    return FollowSet(follower_id, followed_id, following=False, at_id=at_id)


async def whole(page: Callable[[int | None], Awaitable[Page[int]]]) -> list[int]:
    """The list behind the pages."""
    found: list[int] = []
    key: int | None = None
    while True:
        got = await page(key)
        found += got.items
        if got.next_key is None:
            return found
        key = got.next_key


class GraphContract:
    async def followers(self, view: GraphView, user_id: int, limit: int = 2) -> list[int]:
        return await whole(lambda key: view.followers(user_id, key, limit))

    async def following(self, view: GraphView, user_id: int, limit: int = 2) -> list[int]:
        return await whole(lambda key: view.following(user_id, key, limit))

    async def test_nobody_follows_anybody_at_first(self, view: GraphView) -> None:
        assert await view.followers(ADA, None, 5) == Page((), None)
        assert await view.following(ADA, None, 5) == Page((), None)
        assert not await view.following_among(ADA, (BO, CY))
        assert not await view.followers_among(ADA, (BO, CY))
        assert (await view.counts((ADA,))).get(ADA, GraphCounts(0, 0)) == GraphCounts(0, 0)

    async def test_an_edge_has_a_direction(self, view: GraphView) -> None:
        await apply(view, follows(ADA, BO, 1))
        assert (await self.following(view, ADA), await self.followers(view, ADA)) == ([BO], [])
        assert (await self.following(view, BO), await self.followers(view, BO)) == ([], [ADA])

    async def test_nobody_is_taken_for_a_follower_of_whom_an_event_is_parked(self, view: GraphView) -> None:
        """It may be the end of what is known, also when that was asked for a moment before."""
        await apply(view, follows(ADA, BO, 1), follows(CY, BO, 2))
        assert await view.following_among(ADA, (BO,))
        assert set(await view.followers_among(BO, (ADA, CY))) == {ADA, CY}
        await view.apply([Folded((GRAPH, 1), 0, 99, str(ADA), parked="broken")])
        assert not await view.following_among(ADA, (BO,))
        assert set(await view.followers_among(BO, (ADA, CY))) == {CY}

    async def test_among_others(self, view: GraphView) -> None:
        await apply(view, follows(ADA, BO, 1), follows(ADA, CY, 2), follows(DEE, ADA, 3))
        assert set(await view.following_among(ADA, (BO, DEE, CY))) == {BO, CY}
        assert set(await view.followers_among(ADA, (BO, DEE, CY))) == {DEE}
        assert not await view.following_among(ADA, ())
        assert not await view.followers_among(ADA, ())

    async def test_what_was_read_before_changes_with_the_edge(self, view: GraphView) -> None:
        for at_id, change in enumerate((follows, unfollows, follows)):
            await apply(view, change(ADA, BO, at_id + 1))
            expected = {BO} if change is follows else set()
            assert set(await view.following_among(ADA, (BO, CY))) == expected
            assert set(await view.followers_among(BO, (ADA, CY))) == ({ADA} if expected else set())

    @pytest.mark.parametrize("limit", [1, 2, 3, 4])
    async def test_the_latest_come_first_on_pages_of_any_size(self, view: GraphView, limit: int) -> None:
        await apply(view, follows(BO, ADA, 1), follows(DEE, ADA, 2), follows(CY, ADA, 3))
        assert await self.followers(view, ADA, limit) == [CY, DEE, BO]
        await apply(view, follows(DEE, CY, 4), follows(DEE, BO, 5))
        assert await self.following(view, DEE, limit) == [BO, CY, ADA]

    async def test_a_page_says_whether_there_are_more(self, view: GraphView) -> None:
        await apply(view, follows(BO, ADA, 1), follows(CY, ADA, 2))
        assert (await view.followers(ADA, None, 1)).next_key is not None
        assert (await view.followers(ADA, None, 2)).next_key is None

    async def test_pages_neither_repeat_nor_skip_while_others_follow(self, view: GraphView) -> None:
        await apply(view, follows(BO, ADA, 1), follows(CY, ADA, 2))
        first = await view.followers(ADA, None, 1)
        await apply(view, follows(DEE, ADA, 3))
        assert first.items + (await view.followers(ADA, first.next_key, 9)).items == (CY, BO)

    async def test_following_twice_is_following_once_since_the_first_time(self, view: GraphView) -> None:
        await apply_each(view, follows(BO, ADA, 1), follows(CY, ADA, 2), follows(BO, ADA, 3))
        assert await self.followers(view, ADA) == [CY, BO]
        assert (await view.counts((ADA, BO)))[ADA] == GraphCounts(followers=2, following=0)

    async def test_following_again_after_the_end_is_new(self, view: GraphView) -> None:
        await apply(
            view, follows(BO, ADA, 1), follows(CY, ADA, 2), unfollows(BO, ADA, 3), follows(BO, ADA, 4)
        )
        assert await self.followers(view, ADA) == [BO, CY]

    async def test_ending_what_is_not_there_changes_nothing(self, view: GraphView) -> None:
        await apply(
            view, unfollows(BO, ADA, 1), follows(CY, ADA, 2), unfollows(CY, ADA, 3), unfollows(CY, ADA, 4)
        )
        assert await self.followers(view, ADA) == []
        counts = await view.counts((ADA, BO, CY))
        assert all(counts.get(user_id, GraphCounts(0, 0)) == GraphCounts(0, 0) for user_id in (ADA, BO, CY))

    async def test_counts_are_the_sizes_of_the_sets(self, view: GraphView) -> None:
        await apply(
            view, follows(BO, ADA, 1), follows(CY, ADA, 2), follows(ADA, CY, 3), unfollows(BO, ADA, 4)
        )
        counts = await view.counts((ADA, CY))
        assert counts == {ADA: GraphCounts(followers=1, following=1), CY: GraphCounts(1, 1)}
        assert [await view.following_count(user_id) for user_id in (ADA, CY, 999)] == [1, 1, 0]
