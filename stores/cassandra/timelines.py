"""Posts in Cassandra: a row per post, which stays when the post is deleted, emptied, and the posts of a tag by time."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, assert_never

import orjson

from events.ids import MAX_ID, made_at_ms
from events.posts import Place
from stores.cassandra import authors
from stores.cassandra.authors import AuthorsView
from stores.cassandra.buckets import newest_page
from stores.cassandra.folded_rows import GONE, Gone, IndexRow, index
from stores.cassandra.periods import DAY_MS, walked
from stores.cassandra.served_rows import ServedRowsView
from stores.cassandra.session import Row
from stores.cassandra.view import member, only
from stores.ports.page import Page
from stores.ports.timelines import (
    CaptionSet,
    PlaceSet,
    Post,
    PostGone,
    PostPut,
    TimelinesChange,
    VisibilitySet,
)
from stores.ports.view import Folded

_PERIOD_MS = 30 * DAY_MS
"""Never changes while tables made with it are in use."""
_COLUMNS = "author_id, media_ids, visibility, caption, tags, place, created_at_ms, edited_at_ms"
_COLUMNS_COUNT = 8
_TAGS = index("tags", "tag", "period", "post_id")
_PERIOD = "INSERT INTO {tag_periods} (tag, period) VALUES (?,?) USING TIMESTAMP ?"
_PERIODS = "SELECT period FROM {tag_periods} WHERE tag = ? AND period <= ?"
_WITH_TAG = "SELECT post_id FROM {tags} WHERE tag = ? AND period IN ? AND post_id < ? PER PARTITION LIMIT ?"


class CassandraTimelines(ServedRowsView[TimelinesChange, Post | Gone], AuthorsView[TimelinesChange]):
    PROJECTION = "timelines"
    TABLES: ClassVar[Mapping[str, str]] = {
        "posts": """(post_id bigint PRIMARY KEY, offset bigint, gone boolean, author_id bigint, media_ids text, visibility text,
                     caption text, tags text, place text, created_at_ms bigint, edited_at_ms bigint)""",
        "timelines": authors.TABLE,
        "tags": """(tag text, period int, post_id bigint, PRIMARY KEY ((tag, period), post_id))
                   WITH CLUSTERING ORDER BY (post_id DESC)""",
        "tag_periods": """(tag text, period int, PRIMARY KEY (tag, period)) WITH CLUSTERING ORDER BY (period DESC)""",
    }
    HELD = (
        (member("author"), "SELECT author_id, post_id FROM {posts}"),
        (only("author"), "SELECT DISTINCT author_id FROM {timelines}"),
        (only("tag"), "SELECT DISTINCT tag, period FROM {tags}"),
    )
    READ = f"SELECT post_id, offset, gone, {_COLUMNS} FROM {{posts}} WHERE post_id IN ?"
    PUT = f"""INSERT INTO {{posts}} (post_id, offset, gone, {_COLUMNS}) VALUES (?,?,?{",?" * _COLUMNS_COUNT})
              USING TIMESTAMP ?"""
    CLEAR = "DELETE FROM {posts} USING TIMESTAMP ? WHERE post_id = ?"

    def _key(self, change: TimelinesChange) -> int:
        return change.post_id

    def _folded(
        self, said: Post | Gone | None, change: TimelinesChange, event: Folded[TimelinesChange]
    ) -> Post | Gone | None:
        match change:
            case PostPut():
                return _post(change) if said is None else said
            case PostGone():
                return GONE
            case _:
                return _edited(said, change) if isinstance(said, Post) else said

    def _parsed(self, key: int, columns: Row) -> Post | Gone:
        gone, author_id, media_ids, visibility, caption, tags, place, created_at_ms, edited_at_ms = columns
        if gone:
            return GONE
        return Post(
            post_id=key,
            author_id=author_id,
            media_ids=tuple(orjson.loads(media_ids)),
            visibility=visibility,
            caption=caption,
            tags=tuple(orjson.loads(tags)),
            place=None if place is None else Place.model_validate_json(place),
            created_at_ms=created_at_ms,
            edited_at_ms=edited_at_ms,
        )

    def _columns(self, said: Post | Gone) -> Iterable[object]:
        return (True, *(None,) * _COLUMNS_COUNT) if isinstance(said, Gone) else (False, *_row(said))

    def _indexed(self, key: int, said: Post | Gone) -> Iterable[IndexRow]:
        if isinstance(said, Post):
            yield from ((_TAGS, (tag, _period(key), key)) for tag in said.tags)

    async def _known(self, events: Sequence[Folded[TimelinesChange]]) -> Any:
        by_author: dict[int, list[tuple[int, PostPut | PostGone]]] = {}
        for event in events:
            for change in event.changes:
                if isinstance(change, PostPut | PostGone):
                    by_author.setdefault(change.author_id, []).append((event.offset, change))
        return await asyncio.gather(self._author_writes(by_author), super()._known(events))

    async def _write(self, events: Sequence[Folded[TimelinesChange]], known: Any) -> None:
        """Posts and their authors' partitions are facts of their own: neither rests on the other."""
        authors, posts = known
        await asyncio.gather(self._batches(authors), super()._write(events, posts))

    async def _add(self, rows: Mapping[IndexRow, int]) -> None:
        periods = {values[:2]: stamp for (_, values), stamp in rows.items()}
        await self._many(_PERIOD, [(*period, stamp) for period, stamp in periods.items()])
        await super()._add(rows)

    async def posts(self, post_ids: Collection[int]) -> Mapping[int, Post]:
        said = await self._said(post_ids)
        return {post_id: post for post_id, post in said.items() if isinstance(post, Post)}

    async def with_tag(self, tag: str, before: int | None, limit: int) -> Page[int]:
        bound = MAX_ID if before is None else before
        periods = await self._rows(_PERIODS, tag, _period(bound))
        read = partial(self._with_tag_in, tag, bound, limit + 1)
        return newest_page([await walked([period for (period,) in periods], read, limit + 1)], limit)

    async def _with_tag_in(
        self, tag: str, bound: int, limit: int, periods: Sequence[int]
    ) -> list[tuple[int, int]]:
        rows = await self._rows(_WITH_TAG, tag, list(periods), bound, limit)
        return sorted(((post_id, post_id) for (post_id,) in rows), reverse=True)


def _period(post_id: int) -> int:
    return made_at_ms(post_id) // _PERIOD_MS


def _post(put: PostPut) -> Post:
    said = (put.media_ids, put.visibility, put.caption, put.tags, put.place, put.created_at_ms)
    return Post(put.post_id, put.author_id, *said, None)


def _edited(post: Post, change: CaptionSet | PlaceSet | VisibilitySet) -> Post:
    match change:
        case CaptionSet():
            return replace(post, caption=change.caption, tags=change.tags, edited_at_ms=change.edited_at_ms)
        case PlaceSet():
            return replace(post, place=change.place, edited_at_ms=change.edited_at_ms)
        case VisibilitySet():
            return replace(post, visibility=change.visibility, edited_at_ms=change.edited_at_ms)
        case _:
            assert_never(change)


def _row(post: Post) -> tuple[object, ...]:
    media_ids, tags = orjson.dumps(post.media_ids).decode(), orjson.dumps(post.tags).decode()
    place = None if post.place is None else post.place.model_dump_json()
    texts = (media_ids, post.visibility, post.caption, tags, place)
    return (post.author_id, *texts, post.created_at_ms, post.edited_at_ms)
