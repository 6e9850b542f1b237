"""Feeds in SQLite, and what only this adapter promises."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from stores.ports.feeds import FeedSlice
from stores.sqlite.feeds import _FIRST_PAGE_COUNT, SqliteFeeds
from tests.contract.applying import apply, apply_each
from tests.contract.feeds import (
    ADA,
    BO,
    CAP,
    CELEBRITY_THRESHOLD,
    CY,
    DEE,
    FeedsContract,
    entries,
    follows,
    post_at,
    seen,
    unfollows,
)


class TestSqliteFeeds(FeedsContract):
    @pytest.fixture
    def view(self, tmp_path: Path) -> Iterator[SqliteFeeds]:
        feeds = SqliteFeeds(tmp_path / "feeds.db", cap=CAP, celebrity_threshold=CELEBRITY_THRESHOLD)
        yield feeds
        feeds.close()

    async def test_a_full_page_above_every_since_merges_nobody(self, view: SqliteFeeds) -> None:
        posts = [post_at(7, BO), post_at(6, BO), post_at(5, BO)]
        await apply(view, seen(ADA), posts[2], follows(ADA, BO), *posts[1::-1])
        assert await view.slice(ADA, None, 2) == FeedSlice(entries(*posts[:2]), 0, ())
        assert await view.slice(ADA, None, 3) == FeedSlice(entries(*posts[:2]), 0, (BO,))

    async def test_a_full_page_down_to_the_since_merges(self, view: SqliteFeeds) -> None:
        """Of the same millisecond there may be a post that was not pushed."""
        await apply(view, seen(ADA), post_at(5, DEE), follows(ADA, BO), post_at(5, BO, 1), post_at(6, BO))
        assert (await view.slice(ADA, None, 1)).merged == ()
        assert (await view.slice(ADA, None, 2)).merged == (BO,)

    async def test_what_the_view_knows_survives_the_process(self, view: SqliteFeeds, tmp_path: Path) -> None:
        await apply(view, seen(ADA), post_at(5, DEE), follows(ADA, BO), post_at(6, BO))
        await view.filled()
        again = SqliteFeeds(tmp_path / "feeds.db")
        assert await again.believed()
        assert await again.slice(ADA, None, 9) == await view.slice(ADA, None, 9)
        again.close()

    async def test_requests_go_on_while_idle_feeds_wait_to_be_dropped(self, view: SqliteFeeds) -> None:
        """The projector may be in a long write, and both take turns."""
        await apply(view, seen(ADA))
        written, dropped = Event(), asyncio.Event()

        def write() -> None:
            with view._database.transaction():
                begun.set()
                written.wait()

        begun = Event()
        with ThreadPoolExecutor(1) as projector:
            projector.submit(write)
            begun.wait()
            dropping = asyncio.create_task(view.forget_idle(1 << 60))
            dropping.add_done_callback(lambda _: dropped.set())
            await asyncio.sleep(0)
            assert not dropped.is_set()
            written.set()
            assert await dropping == 1

    async def test_a_long_feed_is_not_cut_for_every_post(self, tmp_path: Path) -> None:
        feeds = SqliteFeeds(tmp_path / "long.db", cap=16)
        posts = [post_at(5 + n, BO) for n in range(19)]
        await apply_each(feeds, seen(ADA), follows(ADA, BO), *posts[:18])
        assert await feeds.slice(ADA, None, 99) == FeedSlice(entries(*posts[17::-1]), 0, ())
        await apply(feeds, posts[18])
        assert (await feeds.slice(ADA, None, 99)).entries == entries(*posts[18:2:-1])
        feeds.close()

    async def test_a_feed_whose_followed_author_left_is_cut_by_what_it_holds(self, view: SqliteFeeds) -> None:
        await apply(view, seen(ADA), follows(ADA, BO), follows(ADA, CY))
        await apply_each(view, *(post_at(5 + n, BO) for n in range(CAP)), unfollows(ADA, BO))
        await apply_each(view, *(post_at(20 + n, CY) for n in range(CAP)))
        found = await view.slice(ADA, None, 9)
        assert (len(found.entries), found.floor_ms) == (CAP, 0)

    async def test_a_first_page_read_before_knows_celebrities_of_a_lower_threshold(
        self, tmp_path: Path
    ) -> None:
        """Three follow already when the setting falls to one: the fourth makes a celebrity."""
        before = SqliteFeeds(tmp_path / "before.db")
        await apply(before, seen(ADA), follows(ADA, BO), follows(CY, BO), follows(DEE, BO), post_at(5, BO))
        before.close()
        after = SqliteFeeds(tmp_path / "before.db", celebrity_threshold=1)
        assert (await after.slice(ADA, None, _FIRST_PAGE_COUNT)).merged == ()
        await apply(after, follows(15, BO))
        await apply(after, post_at(6, BO))
        found = await after.slice(ADA, None, _FIRST_PAGE_COUNT)
        assert found == FeedSlice(entries(post_at(5, BO)), 0, (BO,))
        after.close()
