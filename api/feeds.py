"""The home feed over HTTP: its skeleton, and the page that is made of it.

The skeleton decides which posts are in the feed, by id; `hydrate` decides what of them is shown and how. It must equal the feed's
definition (the posts of everybody followed now, newest first) whatever the feeds view has pushed, dropped or not yet received.
"""

from collections.abc import Collection
from contextlib import suppress
from functools import partial
from typing import Literal

from api.calls import Answer, Call
from api.filling import FEEDS, readable
from api.hydrate import POST_READS, page_of_posts
from api.models import QueryInput
from api.pages import PageOf
from api.post_json import Post
from api.routes import Endpoint, Reply
from api.services import Services
from events.ids import first_id_at
from stores.ports.errors import EmptiedError
from stores.ports.feeds import FeedSlice
from stores.ports.page import Page
from stores.ports.views import Views

_GRAPH_PAGE_COUNT = 1_000


class FeedQuery(QueryInput):
    order: Literal["recent"] = "recent"


async def get_feed(app: Services, call: Call) -> Answer:
    views = readable(app.views(), call)
    made = partial(page_of_posts, app, views, call, partial(skeleton, views, call.me))
    return await app.first_pages.get(views, call, made)


async def skeleton(views: Views, reader_id: int, before: int | None, limit: int) -> Page[int]:
    """Ids of the feed below `before`, by falling id. One more is looked for, to know whether there are more."""
    ids = await _newest(views, reader_id, before, limit + 1)
    return Page(tuple(ids[:limit]), ids[limit - 1] if len(ids) > limit else None)


async def _newest(views: Views, reader_id: int, before: int | None, limit: int) -> list[int]:
    if await views.feeds.believed():
        with suppress(EmptiedError):
            return await _pushed(views, reader_id, before, limit)
    return await _of_authors(views, await _following(views, reader_id), before, limit)


async def _pushed(views: Views, reader_id: int, before: int | None, limit: int) -> list[int]:
    """From the feeds view, with timelines where that does not know."""
    pushed = await views.feeds.slice(reader_id, before, limit)
    if pushed.floor_ms is None:
        return await _of_authors(views, await views.feeds.following(reader_id), before, limit)
    floor_id = first_id_at(pushed.floor_ms + 1)
    ids = await _above_floor(views, pushed, floor_id, before, limit)
    if len(ids) < limit:
        lower = floor_id if before is None else min(before, floor_id)
        followed = await views.feeds.following(reader_id)
        ids += await _of_authors(views, followed, lower, limit - len(ids))
    return ids


async def _above_floor(
    views: Views, pushed: FeedSlice, floor_id: int, before: int | None, limit: int
) -> list[int]:
    """What was pushed, merged with what may not have been: ids from the least above the floor on. A post may be both."""
    if not pushed.merged:
        return list(pushed.entries)
    merged = await _of_authors(views, pushed.merged, before, limit)
    return sorted({*pushed.entries, *(post_id for post_id in merged if post_id >= floor_id)}, reverse=True)[
        :limit
    ]


async def _of_authors(views: Views, author_ids: Collection[int], before: int | None, limit: int) -> list[int]:
    return [post_id for post_id, _ in await views.timelines.of_authors(author_ids, before, limit)]


async def _following(views: Views, reader_id: int) -> list[int]:
    """Everybody the reader follows, as the graph knows it: for as long as the feeds are being filled."""
    found: list[int] = []
    key: int | None = None
    while True:
        page = await views.graph.following(reader_id, key, _GRAPH_PAGE_COUNT)
        found += page.items
        key = page.next_key
        if key is None:
            return found


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "GET", "/v1/feed", partial(get_feed, app), summary="Your home feed", tag="feed",
            replies={200: Reply("Posts of those you follow, newest first", PageOf[Post])}, query=FeedQuery,
            paged=True, reads=(FEEDS, *POST_READS),
        ),
    ]  # fmt: skip
