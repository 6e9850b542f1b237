"""Posts in SQLite: a row per post, which stays as a tombstone, and a row per tag of a post."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, assert_never

import orjson

from events.posts import Place
from stores.ports.crash import Crash, survive
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
from stores.sqlite.database import marks
from stores.sqlite.inspected import member, only
from stores.sqlite.newest import OF_AUTHOR, Newest
from stores.sqlite.paging import page_of, up_to
from stores.sqlite.remembered import Remembered
from stores.sqlite.view import SqliteView
from stores.sqlite.watching import missed

_COLUMNS = "post_id, author_id, media_ids, visibility, caption, tags, place, created_at_ms, edited_at_ms"
_ADD_TO_COUNT = "INSERT INTO counts VALUES (?1, ?2) ON CONFLICT DO UPDATE SET count = count + ?2"


class SqliteTimelines(SqliteView[TimelinesChange]):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS posts (
      post_id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL, media_ids TEXT, visibility TEXT, caption TEXT,
      tags TEXT, place TEXT, created_at_ms INTEGER, edited_at_ms INTEGER, gone INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX IF NOT EXISTS posts_by_author ON posts (author_id, gone, post_id);
    CREATE TABLE IF NOT EXISTS tags (tag TEXT, post_id INTEGER, PRIMARY KEY (tag, post_id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS counts (author_id INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    """

    HELD = (
        (member("author"), "SELECT author_id, post_id FROM posts WHERE NOT gone"),
        (only("author"), "SELECT author_id FROM counts"),
        (only("tag"), "SELECT DISTINCT tag FROM tags"),
    )

    def __init__(self, path: Path, crash: Crash = survive) -> None:
        super().__init__(path, crash)
        self._posts = Remembered(self._load, limit=20_000)
        self._newest = Newest(self._reader)

    def _write(self, connection: sqlite3.Connection, changes: Sequence[TimelinesChange]) -> None:
        grown: Counter[int] = Counter()
        for change in changes:
            match change:
                case PostPut():
                    grown[change.author_id] += _put(connection, change)
                case CaptionSet():
                    _set_caption(connection, change)
                case PlaceSet():
                    _set(connection, change, "place", _place_text(change.place))
                case VisibilitySet():
                    _set(connection, change, "visibility", change.visibility)
                case PostGone():
                    grown[change.author_id] -= _bury(connection, change)
                case _:
                    assert_never(change)
        connection.executemany(_ADD_TO_COUNT, [item for item in grown.items() if item[1]])

    def _written(self, changes: Sequence[TimelinesChange]) -> None:
        self._posts.forget(change.post_id for change in changes)
        self._newest.forget(change.author_id for change in changes if isinstance(change, PostPut | PostGone))

    async def posts(self, post_ids: Collection[int]) -> Mapping[int, Post]:
        return self._posts.get(post_ids)

    async def of_author(self, author_id: int, before: int | None, limit: int) -> Page[int]:
        rows = self._reader.execute(OF_AUTHOR, (author_id, up_to(before), limit + 1)).fetchall()
        return page_of(rows, limit)

    async def of_authors(
        self, author_ids: Collection[int], before: int | None, limit: int
    ) -> Sequence[tuple[int, int]]:
        missed()
        return self._newest.merged(author_ids, before, limit)

    async def with_tag(self, tag: str, before: int | None, limit: int) -> Page[int]:
        query = """SELECT post_id, post_id FROM tags WHERE tag = ? AND post_id <= ?
                   ORDER BY post_id DESC LIMIT ?"""
        rows = self._reader.execute(query, (tag, up_to(before), limit + 1)).fetchall()
        return page_of(rows, limit)

    async def post_counts(self, author_ids: Collection[int]) -> Mapping[int, int]:
        query = f"SELECT author_id, count FROM counts WHERE author_id IN ({marks(len(author_ids))})"
        return dict(self._reader.execute(query, tuple(author_ids)))

    def _load(self, post_ids: list[int]) -> dict[int, Post]:
        query = f"SELECT {_COLUMNS} FROM posts WHERE post_id IN ({marks(len(post_ids))}) AND NOT gone"
        return {row[0]: _post(row) for row in self._reader.execute(query, post_ids)}


def _post(row: Sequence[Any]) -> Post:
    post_id, author_id, media_ids, visibility, caption, tags, place, created_at_ms, edited_at_ms = row
    return Post(
        post_id=post_id,
        author_id=author_id,
        media_ids=tuple(orjson.loads(media_ids)),
        visibility=visibility,
        caption=caption,
        tags=tuple(orjson.loads(tags)),
        place=None if place is None else Place.model_validate_json(place),
        created_at_ms=created_at_ms,
        edited_at_ms=edited_at_ms,
    )


def _place_text(place: Place | None) -> str | None:
    return None if place is None else place.model_dump_json()


def _tags_text(tags: tuple[str, ...]) -> str:
    return orjson.dumps(tags).decode()


def _put(connection: sqlite3.Connection, put: PostPut) -> int:
    """How many posts there are more."""
    insert = f"INSERT OR IGNORE INTO posts ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,NULL)"
    row = (
        put.post_id,
        put.author_id,
        orjson.dumps(put.media_ids).decode(),
        put.visibility,
        put.caption,
        _tags_text(put.tags),
        _place_text(put.place),
        put.created_at_ms,
    )
    added = connection.execute(insert, row).rowcount
    if added and put.tags:
        _add_tags(connection, put.post_id, put.tags)
    return added


def _set(
    connection: sqlite3.Connection,
    edit: CaptionSet | PlaceSet | VisibilitySet,
    column: str,
    value: str | None,
) -> None:
    update = f"UPDATE posts SET {column} = ?, edited_at_ms = ? WHERE post_id = ? AND NOT gone"
    connection.execute(update, (value, edit.edited_at_ms, edit.post_id))


def _set_caption(connection: sqlite3.Connection, edit: CaptionSet) -> None:
    if _drop_tags(connection, edit.post_id):
        _set(connection, edit, "caption", edit.caption)
        _set(connection, edit, "tags", _tags_text(edit.tags))
        _add_tags(connection, edit.post_id, edit.tags)


def _bury(connection: sqlite3.Connection, gone: PostGone) -> int:
    """How many posts there are less. The tombstone keeps nothing that anybody wrote."""
    if _drop_tags(connection, gone.post_id):
        update = f"UPDATE posts SET gone = 1, {_EMPTIED} WHERE post_id = ?"
        return connection.execute(update, (gone.post_id,)).rowcount
    insert = "INSERT OR IGNORE INTO posts (post_id, author_id, gone) VALUES (?,?,1)"
    connection.execute(insert, (gone.post_id, gone.author_id))
    return 0


_EMPTIED = "media_ids = NULL, visibility = NULL, caption = NULL, tags = NULL, place = NULL"


def _drop_tags(connection: sqlite3.Connection, post_id: int) -> bool:
    """Take the post out of its tags; False when there is no post, or no longer."""
    rows = connection.execute("SELECT tags FROM posts WHERE post_id = ? AND NOT gone", (post_id,)).fetchall()
    if not rows:
        return False
    delete = "DELETE FROM tags WHERE tag = ? AND post_id = ?"
    connection.executemany(delete, [(tag, post_id) for tag in orjson.loads(rows[0][0])])
    return True


def _add_tags(connection: sqlite3.Connection, post_id: int, tags: tuple[str, ...]) -> None:
    connection.executemany("INSERT OR IGNORE INTO tags VALUES (?,?)", [(tag, post_id) for tag in tags])
