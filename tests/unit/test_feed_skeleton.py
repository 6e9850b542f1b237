"""The feed's skeleton: when it asks which view, and where a page ends."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from api.feeds import skeleton
from stores.ports.errors import EmptiedError
from stores.ports.feeds import FeedSlice
from stores.ports.page import Page
from stores.ports.views import Views
from tests.contract.feeds import at, id_at

READER, BO, CY = 1, 2, 3


class Feeds:
    """A feeds view that says what it is told to. Whom the reader follows is None where nobody is to ask."""

    def __init__(self, found: FeedSlice, following: Sequence[int] | None, is_believed: bool = True) -> None:
        self.found, self.followed, self.is_believed = found, following, is_believed

    async def believed(self) -> bool:
        return self.is_believed

    async def slice(self, reader_id: int, before: int | None, limit: int) -> FeedSlice:
        assert reader_id == READER
        entries = tuple(post_id for post_id in self.found.entries if before is None or post_id < before)
        return FeedSlice(entries[:limit], self.found.floor_ms, self.found.merged)

    async def following(self, reader_id: int) -> Sequence[int]:
        assert self.followed is not None
        return self.followed


class Timelines:
    """Posts by author. Remembers of whom it was asked."""

    def __init__(self, posts: dict[int, list[int]]) -> None:
        self.posts = posts
        self.asked: list[tuple[int, ...]] = []

    async def of_authors(
        self, authors: Sequence[int], before: int | None, limit: int
    ) -> list[tuple[int, int]]:
        self.asked.append(tuple(authors))
        found = [(post, author) for author in authors for post in self.posts.get(author, ())]
        return sorted((pair for pair in found if before is None or pair[0] < before), reverse=True)[:limit]


class Graph:
    """Whom the reader follows, in pages of one."""

    async def following(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        return Page((BO,), 7) if before is None else Page((CY,), None)


async def page(feeds: Feeds, timelines: Timelines, before: int | None = None, limit: int = 2) -> Page[int]:
    views = cast(Views, SimpleNamespace(feeds=feeds, timelines=timelines, graph=Graph()))
    return await skeleton(views, READER, before, limit)


@pytest.fixture
def both() -> Timelines:
    return Timelines({BO: [id_at(9), id_at(6), id_at(3)], CY: [id_at(8), id_at(5), id_at(2)]})


async def test_a_page_above_the_floor_asks_nobody_else(both: Timelines) -> None:
    feeds = Feeds(FeedSlice((id_at(9), id_at(8), id_at(6)), at(4), ()), None)
    assert await page(feeds, both) == Page((id_at(9), id_at(8)), id_at(8))
    assert both.asked == []


async def test_who_may_not_have_been_pushed_is_merged_above_the_floor_only(both: Timelines) -> None:
    feeds = Feeds(FeedSlice((id_at(9), id_at(6)), at(4), (CY,)), [BO])
    found = await page(feeds, both, limit=9)
    assert found == Page((id_at(9), id_at(8), id_at(6), id_at(5), id_at(3)), None)


async def test_a_post_that_was_pushed_and_is_merged_comes_once(both: Timelines) -> None:
    feeds = Feeds(FeedSlice((id_at(9), id_at(8)), at(7), (BO,)), [])
    assert (await page(feeds, both, limit=9)).items == (id_at(9), id_at(8))


async def test_below_the_floor_everybody_followed_is_merged(both: Timelines) -> None:
    feeds = Feeds(FeedSlice((id_at(9), id_at(8)), at(6), ()), [BO, CY])
    assert await page(feeds, both, before=id_at(8), limit=2) == Page((id_at(6), id_at(5)), id_at(5))
    assert await page(feeds, both, before=id_at(5), limit=2) == Page((id_at(3), id_at(2)), None)


async def test_without_a_feed_everybody_followed_is_merged(both: Timelines) -> None:
    feeds = Feeds(FeedSlice((), None, ()), [CY])
    assert await page(feeds, both) == Page((id_at(8), id_at(5)), id_at(5))


async def test_while_the_feeds_are_filled_the_graph_says_who_is_followed(both: Timelines) -> None:
    feeds = Feeds(FeedSlice((id_at(1),), 0, ()), None, is_believed=False)
    assert (await page(feeds, both, limit=9)).items == tuple(id_at(ms) for ms in (9, 8, 6, 5, 3, 2))
    assert both.asked == [(BO, CY)]


async def test_feeds_that_were_emptied_meanwhile_are_not_read(both: Timelines) -> None:
    class Emptied(Feeds):
        async def slice(self, reader_id: int, before: int | None, limit: int) -> FeedSlice:
            raise EmptiedError

    feeds = Emptied(FeedSlice((id_at(1),), 0, ()), None)
    assert (await page(feeds, both, limit=9)).items == tuple(id_at(ms) for ms in (9, 8, 6, 5, 3, 2))


async def test_who_follows_nobody_has_an_empty_feed(both: Timelines) -> None:
    assert await page(Feeds(FeedSlice((), 0, ()), []), both) == Page((), None)
