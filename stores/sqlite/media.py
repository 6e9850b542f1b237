"""Media in SQLite: a row per media. A deleted one keeps its row, emptied, as the mark that nothing brings it back."""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, assert_never

import orjson

from events.media import AttachedKind, FocalPoint, Rendition
from stores.ports.crash import Crash, survive
from stores.ports.media import (
    AltTextSet,
    AttachedSet,
    FocalPointSet,
    Media,
    MediaChange,
    MediaGone,
    MediaPut,
    ReadySet,
    RejectedSet,
    UploadedSet,
)
from stores.sqlite.database import marks
from stores.sqlite.inspected import only
from stores.sqlite.remembered import Remembered
from stores.sqlite.view import SqliteView

_REMEMBERED = 50_000
_IN_LIST = 500

_PUT = """INSERT OR IGNORE INTO media (media_id, owner_id, object_key, content_type, size_bytes, sha256, filter, focal_x, focal_y,
          alt_text, declared_at_ms, status) VALUES (?,?,?,?,?,?,?,?,?,?,?,'pending')"""
_UPLOADED = "UPDATE media SET status = 'uploaded' WHERE media_id = ? AND status = 'pending'"
_READY = """UPDATE media SET status = 'ready', width = ?, height = ?, blurhash = ?, renditions = ?
            WHERE media_id = ? AND status IN ('pending', 'uploaded', 'ready')"""
_REJECTED = """UPDATE media SET status = 'rejected', reason = ?
               WHERE media_id = ? AND status IN ('pending', 'uploaded')"""
_ALT_TEXT = "UPDATE media SET alt_text = ? WHERE media_id = ? AND status <> 'gone'"
_FOCAL_POINT = "UPDATE media SET focal_x = ?, focal_y = ? WHERE media_id = ? AND status <> 'gone'"
_ATTACHED = """UPDATE media SET attached_kind = ?, attached_id = ?, attached_at_ms = ?
               WHERE media_id = ? AND status <> 'gone' AND attached_kind IS NULL"""
_GONE = "REPLACE INTO media (media_id, status) VALUES (?, 'gone')"

_SELECT = """SELECT media_id, owner_id, object_key, content_type, size_bytes, sha256, filter, focal_x, focal_y, alt_text, status,
             reason, width, height, blurhash, renditions, attached_kind, attached_id, attached_at_ms, declared_at_ms
             FROM media WHERE status <> 'gone' AND """


class SqliteMedia(SqliteView[MediaChange]):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS media (
      media_id INTEGER PRIMARY KEY, owner_id INTEGER, object_key TEXT, content_type TEXT, size_bytes INTEGER, sha256 TEXT,
      filter TEXT, focal_x REAL, focal_y REAL, alt_text TEXT, status TEXT NOT NULL, reason TEXT, width INTEGER, height INTEGER,
      blurhash TEXT, renditions TEXT NOT NULL DEFAULT '[]', attached_kind TEXT, attached_id INTEGER, attached_at_ms INTEGER,
      declared_at_ms INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS media_attached ON media (attached_id, attached_kind) WHERE attached_id IS NOT NULL;
    """

    HELD = (
        (only("media"), "SELECT media_id FROM media WHERE status <> 'gone'"),
        (only("post"), "SELECT attached_id FROM media WHERE attached_kind = 'post'"),
        (only("avatar"), "SELECT attached_id FROM media WHERE attached_kind = 'avatar'"),
    )

    def __init__(self, path: Path, crash: Crash = survive) -> None:
        super().__init__(path, crash)
        self._media = Remembered(self._load, _REMEMBERED)

    def _write(self, connection: sqlite3.Connection, changes: Sequence[MediaChange]) -> None:
        for kind, run in groupby(changes, type):
            connection.executemany(_STATEMENTS[kind], [_values(change) for change in run])

    def _written(self, changes: Sequence[MediaChange]) -> None:
        self._media.forget({change.media_id for change in changes})

    async def media(self, media_ids: Collection[int]) -> Mapping[int, Media]:
        return self._media.get(media_ids)

    async def attached_to(self, kind: AttachedKind, target_id: int) -> Sequence[Media]:
        query = _SELECT + "attached_kind = ? AND attached_id = ? ORDER BY media_id"
        return [_media(row) for row in self._reader.execute(query, (kind, target_id))]

    def _load(self, media_ids: list[int]) -> dict[int, Media]:
        found: dict[int, Media] = {}
        for start in range(0, len(media_ids), _IN_LIST):
            part = media_ids[start : start + _IN_LIST]
            rows = self._reader.execute(f"{_SELECT}media_id IN ({marks(len(part))})", part)
            found.update((row[0], _media(row)) for row in rows)
        return found


_STATEMENTS: Mapping[type[MediaChange], str] = {
    MediaPut: _PUT,
    UploadedSet: _UPLOADED,
    ReadySet: _READY,
    RejectedSet: _REJECTED,
    AltTextSet: _ALT_TEXT,
    FocalPointSet: _FOCAL_POINT,
    AttachedSet: _ATTACHED,
    MediaGone: _GONE,
}


def _values(change: MediaChange) -> tuple[object, ...]:
    match change:
        case MediaPut():
            return _put(change)
        case UploadedSet() | MediaGone():
            return (change.media_id,)
        case ReadySet():
            return (change.width, change.height, change.blurhash, _json(change.renditions), change.media_id)
        case RejectedSet():
            return (change.reason, change.media_id)
        case AltTextSet():
            return (change.alt_text, change.media_id)
        case FocalPointSet():
            return (*_point(change.focal_point), change.media_id)
        case AttachedSet():
            return (change.kind, change.target_id, change.at_ms, change.media_id)
        case _:
            assert_never(change)


def _put(c: MediaPut) -> tuple[object, ...]:
    file = (c.object_key, c.content_type, c.size_bytes, c.sha256, c.filter)
    return (c.media_id, c.owner_id, *file, *_point(c.focal_point), c.alt_text, c.at_ms)


def _point(point: FocalPoint | None) -> tuple[float | None, float | None]:
    return (None, None) if point is None else (point.x, point.y)


def _json(renditions: Sequence[Rendition]) -> str:
    return orjson.dumps([r.model_dump() for r in renditions]).decode()


_rendition: Callable[..., Rendition] = Rendition.model_construct
"""Own data needs no validation."""


def _media(row: tuple[Any, ...]) -> Media:
    id_, owner, key, content_type, size, sha256, filter_, x, y, alt_text, status, reason = row[:12]
    width, height, blurhash, renditions, kind, target, attached_at, declared_at = row[12:]
    return Media(
        media_id=id_,
        owner_id=owner,
        object_key=key,
        content_type=content_type,
        size_bytes=size,
        sha256=sha256,
        filter=filter_,
        focal_point=None if x is None else FocalPoint(x=x, y=y),
        alt_text=alt_text,
        status=status,
        reason=reason,
        width=width,
        height=height,
        blurhash=blurhash,
        renditions=tuple(_rendition(**r) for r in orjson.loads(renditions)),
        attached=None if kind is None else (kind, target),
        attached_at_ms=attached_at,
        declared_at_ms=declared_at,
    )
