"""What it costs to keep feeds and to serve them, counted in a feeds view through its port.

What is served is the same however a feed is kept: posts that are not pushed are merged when it is read. So this is all that the
settings of a feeds view decide.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any, Protocol

from replay.subjects.feeds import Skeleton
from stores.ports.feeds import FeedsReader
from stores.ports.inspected import Inspected
from stores.ports.timelines import TimelinesReader

_PAGE_COUNT = 20
_ENTRIES_LIMIT = 20_000
"""More than any setting allows a feed to hold."""


class _View(FeedsReader, Inspected, Protocol):
    pass


@dataclass(frozen=True, slots=True)
class FeedCosts:
    """Sums over all feeds that are stored; first pages have 20 posts at most. `merged_authors_count` are the timelines that first
    pages ask for.
    """

    feeds_count: int = 0
    entries_count: int = 0
    page_posts_pushed_count: int = 0
    page_posts_merged_count: int = 0
    merged_authors_count: int = 0

    def __add__(self, other: "FeedCosts") -> "FeedCosts":
        return FeedCosts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


async def feed_costs(view: _View, timelines: TimelinesReader, skeleton: Skeleton) -> FeedCosts:
    """Reads every feed. Memory holds the ids of the readers."""
    readers: set[int] = set()
    async for some in view.held():
        readers.update(int(key) for _, key, _ in some)
    views = SimpleNamespace(feeds=view, timelines=timelines)
    found = FeedCosts()
    for reader_id in sorted(readers):
        found += await _of_reader(view, reader_id, lambda id_: skeleton(views, id_, None, _PAGE_COUNT))
    return found


async def _of_reader(view: FeedsReader, reader_id: int, page: Callable[[int], Awaitable[Any]]) -> FeedCosts:
    kept = await view.slice(reader_id, None, _ENTRIES_LIMIT)
    if kept.floor_ms is None:
        return FeedCosts()
    served = (await page(reader_id)).items
    pushed_count = len(set(served).intersection(kept.entries))
    merged = (await view.slice(reader_id, None, _PAGE_COUNT)).merged
    return FeedCosts(1, len(kept.entries), pushed_count, len(served) - pushed_count, len(set(merged)))
