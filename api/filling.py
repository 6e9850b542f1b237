"""What a request reads while the feeds view is filled from nothing, and so far from the position that the request carries.

It is not kept waiting for that: whom somebody follows is in the graph, and posts are in timelines, which have reached the position.
When the view is filled meanwhile it may still lack what was written last, so a request that did not wait for it does not read it.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final, NoReturn

from api.calls import Call
from stores.ports.errors import EmptiedError
from stores.ports.feeds import FeedFacts, FeedSlice
from stores.ports.graph import GraphCounts
from stores.ports.views import Views

FEEDS: Final = "feeds"


def readable(views: Views, call: Call) -> Views:
    """The views as the request may read them."""
    return replace(views, feeds=_FILLING) if call.is_without_feeds else views


class _Filling:
    """Feeds of which nothing is believed."""

    async def believed(self) -> bool:
        return False

    async def is_filled(self) -> bool:
        return False

    async def slice(self, reader_id: int, before: int | None, limit: int) -> FeedSlice:
        self._refuse()

    async def following(self, reader_id: int) -> Collection[int]:
        self._refuse()

    async def counts(self, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
        self._refuse()

    async def facts(self, reader_id: int, post_id: int, author_id: int) -> FeedFacts:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise EmptiedError("the feeds were being filled when the request began")


_FILLING = _Filling()
