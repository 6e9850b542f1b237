"""Media in Cassandra: a row per media, and what is attached to a thing. A deleted one keeps its row, emptied, as the mark that
nothing brings it back."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, assert_never

import orjson

from events.media import AttachedKind, FocalPoint, Rendition
from stores.cassandra.folded_rows import GONE, Gone, IndexRow, index
from stores.cassandra.served_rows import ServedRowsView
from stores.cassandra.session import Row
from stores.cassandra.view import only
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
from stores.ports.view import Folded

_COLUMNS = """owner_id, object_key, content_type, size_bytes, sha256, filter, focal_x, focal_y, alt_text, status, reason, width,
              height, blurhash, renditions, attached_kind, attached_id, attached_at_ms, declared_at_ms"""
_COLUMNS_COUNT = 19
_ATTACHED = index("media_attached", "attached_kind", "attached_id", "media_id")
_ATTACHED_TO = "SELECT media_id FROM {media_attached} WHERE attached_kind = ? AND attached_id = ?"


class CassandraMedia(ServedRowsView[MediaChange, Media | Gone]):
    PROJECTION = "media"
    TABLES: ClassVar[Mapping[str, str]] = {
        "media": """(media_id bigint PRIMARY KEY, offset bigint, gone boolean, owner_id bigint, object_key text,
                     content_type text, size_bytes bigint, sha256 text, filter text, focal_x double, focal_y double,
                     alt_text text, status text, reason text, width int, height int, blurhash text, renditions text,
                     attached_kind text, attached_id bigint, attached_at_ms bigint, declared_at_ms bigint)""",
        "media_attached": """(attached_kind text, attached_id bigint, media_id bigint,
                              PRIMARY KEY ((attached_kind, attached_id), media_id))""",
    }
    HELD = (
        (only("media"), "SELECT media_id FROM {media}"),
        (
            lambda kind, target_id: (kind, target_id, None),
            "SELECT DISTINCT attached_kind, attached_id FROM {media_attached}",
        ),
    )
    READ = f"SELECT media_id, offset, gone, {_COLUMNS} FROM {{media}} WHERE media_id IN ?"
    PUT = f"""INSERT INTO {{media}} (media_id, offset, gone, {_COLUMNS}) VALUES (?,?,?{",?" * _COLUMNS_COUNT})
              USING TIMESTAMP ?"""
    CLEAR = "DELETE FROM {media} USING TIMESTAMP ? WHERE media_id = ?"

    def _key(self, change: MediaChange) -> int:
        return change.media_id

    def _folded(
        self, said: Media | Gone | None, change: MediaChange, event: Folded[MediaChange]
    ) -> Media | Gone | None:
        match change:
            case MediaPut():
                return _declared(change) if said is None else said
            case MediaGone():
                return GONE
            case _:
                return _changed(said, change) if isinstance(said, Media) else said

    def _parsed(self, key: int, columns: Row) -> Media | Gone:
        gone, *rest = columns
        return GONE if gone else _media(key, tuple(rest))

    def _columns(self, said: Media | Gone) -> Iterable[object]:
        return (True, *(None,) * _COLUMNS_COUNT) if isinstance(said, Gone) else (False, *_row(said))

    def _indexed(self, key: int, said: Media | Gone) -> Iterable[IndexRow]:
        if isinstance(said, Media) and said.attached is not None:
            yield _ATTACHED, (*said.attached, key)

    async def media(self, media_ids: Collection[int]) -> Mapping[int, Media]:
        said = await self._said(media_ids)
        return {media_id: media for media_id, media in said.items() if isinstance(media, Media)}

    async def attached_to(self, kind: AttachedKind, target_id: int) -> Sequence[Media]:
        rows = await self._rows(_ATTACHED_TO, kind, target_id)
        found = await self.media([media_id for (media_id,) in rows])
        return [media for media in found.values() if media.attached == (kind, target_id)]


_Edit = UploadedSet | ReadySet | RejectedSet | AltTextSet | FocalPointSet | AttachedSet


def _changed(media: Media, change: _Edit) -> Media:
    match change:
        case UploadedSet():
            return replace(media, status="uploaded") if media.status == "pending" else media
        case ReadySet():
            return media if media.status == "rejected" else _ready(media, change)
        case RejectedSet():
            is_open = media.status in ("pending", "uploaded")
            return replace(media, status="rejected", reason=change.reason) if is_open else media
        case AltTextSet():
            return replace(media, alt_text=change.alt_text)
        case FocalPointSet():
            return replace(media, focal_point=change.focal_point)
        case AttachedSet():
            return media if media.attached else _attached(media, change)
        case _:
            assert_never(change)


def _ready(media: Media, change: ReadySet) -> Media:
    return replace(
        media,
        status="ready",
        width=change.width,
        height=change.height,
        blurhash=change.blurhash,
        renditions=change.renditions,
    )


def _attached(media: Media, change: AttachedSet) -> Media:
    return replace(media, attached=(change.kind, change.target_id), attached_at_ms=change.at_ms)


def _declared(put: MediaPut) -> Media:
    return Media(
        media_id=put.media_id,
        owner_id=put.owner_id,
        object_key=put.object_key,
        content_type=put.content_type,
        size_bytes=put.size_bytes,
        sha256=put.sha256,
        filter=put.filter,
        focal_point=put.focal_point,
        alt_text=put.alt_text,
        status="pending",
        reason=None,
        width=None,
        height=None,
        blurhash=None,
        renditions=(),
        attached=None,
        attached_at_ms=None,
        declared_at_ms=put.at_ms,
    )


_rendition: Callable[..., Rendition] = Rendition.model_construct
"""Own data needs no validation."""


def _row(media: Media) -> tuple[object, ...]:
    file = (media.owner_id, media.object_key, media.content_type, media.size_bytes, media.sha256)
    point = (None, None) if media.focal_point is None else (media.focal_point.x, media.focal_point.y)
    verdict = (media.status, media.reason, media.width, media.height, media.blurhash)
    renditions = orjson.dumps([rendition.model_dump() for rendition in media.renditions]).decode()
    attached = (*(media.attached or (None, None)), media.attached_at_ms)
    return (
        *file,
        media.filter,
        *point,
        media.alt_text,
        *verdict,
        renditions,
        *attached,
        media.declared_at_ms,
    )


def _media(media_id: int, row: Row) -> Media:
    owner_id, object_key, content_type, size_bytes, sha256, filter_, x, y, alt_text, status, reason = row[:11]
    width, height, blurhash, renditions, kind, target_id, attached_at_ms, declared_at_ms = row[11:]
    return Media(
        media_id=media_id,
        owner_id=owner_id,
        object_key=object_key,
        content_type=content_type,
        size_bytes=size_bytes,
        sha256=sha256,
        filter=filter_,
        focal_point=None if x is None else FocalPoint(x=x, y=y),
        alt_text=alt_text,
        status=status,
        reason=reason,
        width=width,
        height=height,
        blurhash=blurhash,
        renditions=tuple(_rendition(**each) for each in orjson.loads(renditions)),
        attached=None if kind is None else (kind, target_id),
        attached_at_ms=attached_at_ms,
        declared_at_ms=declared_at_ms,
    )
