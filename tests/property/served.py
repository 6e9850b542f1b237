"""Home feeds as they are served: through the API's merge of the feeds view with timelines and the graph."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from api.feeds import skeleton
from events.envelope import Envelope
from projectors.graph import GRAPH
from projectors.timelines import TIMELINES
from stores.ports.feeds import FeedSlice, FeedsReader
from stores.ports.graph import GraphCounts
from stores.ports.views import Views
from stores.sqlite.database import MEMORY
from stores.sqlite.graph import SqliteGraph
from stores.sqlite.timelines import SqliteTimelines
from tests.contract.applying import apply
from tests.property.readings import Offsets, ids, people, whole


class Believed:
    """A feeds view that is believed, whether or not it has reached the end of its log."""

    def __init__(self, view: FeedsReader) -> None:
        self._view = view

    async def believed(self) -> bool:
        return True

    async def slice(self, reader_id: int, before: int | None, limit: int) -> FeedSlice:
        return await self._view.slice(reader_id, before, limit)

    async def following(self, reader_id: int) -> Collection[int]:
        return await self._view.following(reader_id)

    async def counts(self, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
        return await self._view.counts(user_ids)


async def read_feeds(view: FeedsReader, events: Sequence[Envelope], log: Offsets) -> dict[str, Any]:
    async with _beside(events) as views:
        return await _read(views, Believed(view), events)


@asynccontextmanager
async def _beside(events: Sequence[Envelope]) -> AsyncIterator[SimpleNamespace]:
    """The other views that a feed is merged from, with everything that was ever appended."""
    with closing(SqliteTimelines(MEMORY)) as timelines, closing(SqliteGraph(MEMORY)) as graph:
        for projection, view in ((TIMELINES, timelines), (GRAPH, graph)):
            mine = [event for event in events if isinstance(event, projection.events)]
            await apply(view, *(change for event in mine for change in projection.project(event)))
        yield SimpleNamespace(timelines=timelines, graph=graph)


async def _read(beside: SimpleNamespace, feeds: Any, events: Sequence[Envelope]) -> dict[str, Any]:
    users = people(events)
    views = cast(Views, SimpleNamespace(feeds=feeds, timelines=beside.timelines, graph=beside.graph))
    there = await views.timelines.posts(ids(events, "post_id"))
    served = {}
    for user in users:
        candidates = await whole(partial(skeleton, views, user))
        assert candidates == sorted(set(candidates), reverse=True)
        served[user] = [post_id for post_id in candidates if post_id in there]
    return {
        "served": served,
        "following": {user: set(await feeds.following(user)) for user in users},
        "counts": dict.fromkeys(users, GraphCounts(0, 0)) | dict(await feeds.counts(users)),
    }
