"""The contract of `stores.ports.feeds`, for every adapter.

An adapter's test file gives `view`, empty and not yet filled, with feeds of CAP entries and celebrities above CELEBRITY_THRESHOLD
followers. Here an author's post is made at a millisecond: `post_at(5, BO)`.
"""

from typing import Protocol

from events.ids import EPOCH_MS, first_id_at
from stores.ports.feeds import (
    FeedFacts,
    FeedPost,
    FeedsChange,
    FeedSlice,
    FeedsReader,
    FeedsUpkeep,
    ReaderSeen,
)
from stores.ports.graph import FollowSet, GraphCounts
from stores.ports.view import View
from tests.contract.applying import apply, apply_each

CAP = 4
CELEBRITY_THRESHOLD = 2

ADA, BO, CY, DEE = 11, 12, 13, 14
NO_FEED = FeedSlice((), None, ())


class FeedsView(View[FeedsChange], FeedsReader, FeedsUpkeep, Protocol):
    """What an adapter is."""


def follows(reader_id: int, author_id: int) -> FollowSet:
    return FollowSet(reader_id, author_id, following=True, at_id=1)


def unfollows(reader_id: int, author_id: int) -> FollowSet:
    return FollowSet(reader_id, author_id, following=False, at_id=1)


def seen(reader_id: int, at: int = 0) -> ReaderSeen:
    return ReaderSeen(reader_id, at)


def at(millisecond: int) -> int:
    """The time that views speak of."""
    return EPOCH_MS + millisecond


def id_at(millisecond: int, sequence: int = 0) -> int:
    return first_id_at(at(millisecond)) + sequence


def post_at(millisecond: int, author_id: int, sequence: int = 0) -> FeedPost:
    return FeedPost(id_at(millisecond, sequence), author_id)


def entries(*posts: FeedPost) -> tuple[int, ...]:
    return tuple(post.post_id for post in posts)


class FeedsContract:
    async def test_a_view_is_not_believed_until_it_was_filled(self, view: FeedsView) -> None:
        assert not await view.believed()
        await apply(view, follows(ADA, BO))
        assert not await view.believed()
        await view.filled()
        assert await view.believed()

    async def test_posts_are_pushed_to_those_who_follow(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), seen(CY), follows(ADA, BO), post_at(5, BO), post_at(6, DEE))
        assert (await view.slice(ADA, None, 9)).entries == entries(post_at(5, BO))
        assert (await view.slice(CY, None, 9)).entries == ()

    async def test_in_one_write_or_in_many(self, view: FeedsView) -> None:
        await apply_each(
            view, seen(ADA), follows(ADA, BO), post_at(5, BO), unfollows(ADA, BO), post_at(6, BO)
        )
        assert (await view.slice(ADA, None, 9)).entries == ()
        await apply_each(view, follows(ADA, BO), post_at(7, BO))
        assert (await view.slice(ADA, None, 9)).entries == entries(post_at(7, BO))

    async def test_a_page_of_a_feed(self, view: FeedsView) -> None:
        posts = [post_at(6, BO), post_at(5, CY, 1), post_at(5, BO, 0), post_at(4, BO)]
        await apply(view, seen(ADA), follows(ADA, BO), follows(ADA, CY), *posts[::-1])
        assert (await view.slice(ADA, None, 2)).entries == entries(*posts[:2])
        assert (await view.slice(ADA, posts[1].post_id, 2)).entries == entries(*posts[2:])
        assert (await view.slice(ADA, posts[3].post_id, 2)).entries == ()

    async def test_the_same_post_again_is_one_entry(self, view: FeedsView) -> None:
        await apply_each(view, seen(ADA), follows(ADA, BO), *[post_at(5, BO)] * (CAP + 2))
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(post_at(5, BO)), 0, ())

    async def test_who_was_never_seen_has_no_feed(self, view: FeedsView) -> None:
        await apply(view, follows(ADA, BO), post_at(5, BO))
        assert await view.slice(ADA, None, 9) == NO_FEED
        assert set(await view.following(ADA)) == {BO}

    async def test_a_feed_begins_above_the_highest_post(self, view: FeedsView) -> None:
        await apply(view, follows(ADA, BO), post_at(7, BO), post_at(5, BO), seen(ADA), post_at(7, BO, 1))
        assert await view.slice(ADA, None, 9) == FeedSlice((), at(7), ())
        await apply(view, post_at(8, BO))
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(post_at(8, BO)), at(7), ())

    async def test_being_seen_again_keeps_the_feed(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), follows(ADA, BO), post_at(5, BO), seen(ADA, 1))
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(post_at(5, BO)), 0, ())

    async def test_following_copies_nothing_and_merges(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), post_at(5, BO), follows(ADA, BO))
        assert await view.slice(ADA, None, 9) == FeedSlice((), 0, (BO,))
        await apply(view, post_at(6, BO))
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(post_at(6, BO)), 0, (BO,))

    async def test_who_was_followed_up_to_the_floor_is_not_merged(self, view: FeedsView) -> None:
        await apply(view, post_at(5, BO), follows(ADA, BO), seen(ADA))
        assert await view.slice(ADA, None, 9) == FeedSlice((), at(5), ())
        await apply(view, post_at(6, DEE), follows(ADA, CY))
        assert await view.slice(ADA, None, 9) == FeedSlice((), at(5), (CY,))

    async def test_since_is_the_highest_post_of_anybody(self, view: FeedsView) -> None:
        """Of this author a post at 6 may have come by another partition, before or after the edge: both are in the feed."""
        await apply(view, seen(ADA), post_at(7, DEE), follows(ADA, BO), post_at(6, BO))
        found = await view.slice(ADA, None, 9)
        assert (found.entries, found.merged) == (entries(post_at(6, BO)), (BO,))
        assert (await view.facts(ADA, id_at(6), BO)).since_ms == at(7)

    async def test_following_twice_keeps_the_first_since(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), follows(ADA, BO), post_at(5, DEE), follows(ADA, BO))
        assert (await view.facts(ADA, id_at(5), BO)).since_ms == 0
        assert (await view.slice(ADA, None, 9)).merged == ()

    async def test_following_anew_has_a_new_since(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), follows(ADA, BO), post_at(5, BO), unfollows(ADA, BO), follows(ADA, BO))
        assert (await view.slice(ADA, None, 9)).merged == (BO,)

    async def test_no_entry_is_of_somebody_not_followed_now(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), follows(ADA, BO), follows(ADA, CY), post_at(5, BO), post_at(6, CY))
        await apply(view, unfollows(ADA, BO), post_at(7, BO))
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(post_at(6, CY)), 0, ())
        assert set(await view.following(ADA)) == {CY}

    async def test_trimming_raises_the_floor(self, view: FeedsView) -> None:
        posts = [post_at(ms, BO) for ms in range(5, 7 + CAP)]
        await apply_each(view, seen(ADA), follows(ADA, BO), *posts)
        newest = entries(*posts[: -CAP - 1 : -1])
        assert await view.slice(ADA, None, 9) == FeedSlice(newest, at(6), ())

    async def test_everything_of_the_millisecond_that_is_cut_goes(self, view: FeedsView) -> None:
        posts = [
            post_at(5, BO),
            post_at(6, BO, 0),
            post_at(6, BO, 1),
            *(post_at(6 + n, BO) for n in range(1, CAP)),
        ]
        await apply(view, seen(ADA), follows(ADA, BO), *posts)
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(*posts[:2:-1]), at(6), ())

    async def test_nothing_is_pushed_up_to_the_floor(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), follows(ADA, BO), *(post_at(5 + n, BO) for n in range(CAP + 1)))
        await apply(view, post_at(4, BO), post_at(5, BO, 3))
        found = await view.slice(ADA, None, 9)
        assert (len(found.entries), found.floor_ms) == (CAP, at(5))
        assert not (await view.facts(ADA, id_at(4), BO)).pushed

    async def test_celebrities_are_merged_instead_of_pushed(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), follows(ADA, BO), follows(CY, BO), post_at(5, BO))
        assert (await view.slice(ADA, None, 9)).merged == ()
        await apply(view, follows(DEE, BO), post_at(6, BO))
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(post_at(5, BO)), 0, (BO,))

    async def test_following_a_celebrity_twice_is_one_follower(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), *[follows(ADA, BO)] * 9, post_at(5, BO))
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(post_at(5, BO)), 0, ())

    async def test_a_former_celebrity_is_pushed_and_merged(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), follows(ADA, BO), follows(CY, BO), follows(DEE, BO), post_at(5, BO))
        await apply(view, unfollows(CY, BO), post_at(6, BO))
        assert (await view.slice(ADA, None, 9)).entries == ()
        await apply(view, unfollows(DEE, BO), post_at(7, BO))
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(post_at(7, BO)), 0, (BO,))

    async def test_a_celebrity_is_merged_only_by_those_who_follow(self, view: FeedsView) -> None:
        await apply(view, seen(ADA), *(follows(reader, BO) for reader in (CY, DEE, 15)), post_at(5, BO))
        assert await view.slice(ADA, None, 9) == FeedSlice((), 0, ())

    async def test_the_idle_are_forgotten_and_come_back(self, view: FeedsView) -> None:
        await apply(view, seen(ADA, 100), seen(CY, 200), follows(ADA, BO), follows(CY, BO), post_at(5, BO))
        assert await view.forget_idle(100) == 0
        assert await view.forget_idle(200) == 1
        assert await view.slice(ADA, None, 9) == NO_FEED
        assert (await view.slice(CY, None, 9)).entries == entries(post_at(5, BO))
        await apply(view, seen(ADA, 300), post_at(6, BO))
        assert await view.slice(ADA, None, 9) == FeedSlice(entries(post_at(6, BO)), at(5), ())
        assert await view.forget_idle(300) == 1

    async def test_an_older_time_does_not_make_anybody_idle(self, view: FeedsView) -> None:
        await apply(view, seen(ADA, 200), seen(ADA, 100))
        assert await view.forget_idle(200) == 0

    async def test_many_idle_readers(self, view: FeedsView) -> None:
        await apply(view, *(seen(100 + n, n) for n in range(120)))
        assert await view.forget_idle(110) == 110
        assert await view.forget_idle(110) == 0

    async def test_counts_are_the_sizes_of_the_sets(self, view: FeedsView) -> None:
        await apply(
            view, follows(ADA, BO), follows(ADA, BO), follows(CY, BO), follows(BO, CY), unfollows(ADA, CY)
        )
        await apply(view, unfollows(CY, BO), unfollows(CY, BO))
        counts = await view.counts((ADA, BO, CY))
        assert counts[ADA] == GraphCounts(followers=0, following=1)
        assert counts[BO] == GraphCounts(followers=1, following=1)
        assert counts[CY] == GraphCounts(followers=1, following=0)
        assert (await view.counts((DEE,))).get(DEE, GraphCounts(0, 0)) == GraphCounts(0, 0)

    async def test_facts(self, view: FeedsView) -> None:
        assert await view.facts(ADA, id_at(5), BO) == FeedFacts(None, None, False, False, False)
        await apply(view, post_at(4, DEE), seen(ADA), post_at(5, DEE), follows(ADA, BO), post_at(6, BO))
        assert await view.facts(ADA, id_at(6), BO) == FeedFacts(at(5), at(4), True, False, False)
        await apply(view, follows(CY, BO), follows(DEE, BO))
        assert await view.facts(ADA, id_at(7), BO) == FeedFacts(at(5), at(4), False, True, True)
        await apply(view, unfollows(CY, BO), unfollows(DEE, BO))
        assert await view.facts(ADA, id_at(6), BO) == FeedFacts(at(5), at(4), True, False, True)
