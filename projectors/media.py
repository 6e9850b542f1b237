"""The media projection."""

from typing import assert_never

from events.media import (
    MediaAttached,
    MediaDeleted,
    MediaEdited,
    MediaProcessed,
    MediaRejected,
    MediaUploaded,
    MediaUploadStarted,
)
from projectors.projection import Projection
from stores.ports.media import (
    AltTextSet,
    AttachedSet,
    FocalPointSet,
    MediaChange,
    MediaGone,
    MediaPut,
    ReadySet,
    RejectedSet,
    UploadedSet,
)

MediaEvent = (
    MediaUploadStarted
    | MediaUploaded
    | MediaProcessed
    | MediaRejected
    | MediaEdited
    | MediaAttached
    | MediaDeleted
)


def project(event: MediaEvent) -> list[MediaChange]:
    match event:
        case MediaUploadStarted():
            return [_declared(event)]
        case MediaUploaded():
            return [UploadedSet(event.media_id)]
        case MediaProcessed():
            return [ReadySet(event.media_id, event.width, event.height, event.blurhash, event.renditions)]
        case MediaRejected():
            return [RejectedSet(event.media_id, event.reason)]
        case MediaEdited():
            return _edits(event)
        case MediaAttached():
            at_ms = event.occurred_at_ms
            return [AttachedSet(event.media_id, event.attached_kind, event.attached_id, at_ms)]
        case MediaDeleted():
            return [MediaGone(event.media_id)]
        case _:
            assert_never(event)


def _declared(event: MediaUploadStarted) -> MediaPut:
    return MediaPut(
        media_id=event.media_id,
        owner_id=event.owner_id,
        object_key=event.object_key,
        content_type=event.content_type,
        size_bytes=event.size_bytes,
        sha256=event.sha256,
        filter=event.filter,
        focal_point=event.focal_point,
        alt_text=event.alt_text,
        at_ms=event.occurred_at_ms,
    )


def _edits(event: MediaEdited) -> list[MediaChange]:
    changes: list[MediaChange] = []
    for field in event.changed:
        match field:
            case "alt_text":
                changes.append(AltTextSet(event.media_id, event.alt_text))
            case "focal_point":
                changes.append(FocalPointSet(event.media_id, event.focal_point))
            case _:
                assert_never(field)
    return changes


MEDIA = Projection(
    "media",
    version=1,
    events=(
        MediaUploadStarted,
        MediaUploaded,
        MediaProcessed,
        MediaRejected,
        MediaEdited,
        MediaAttached,
        MediaDeleted,
    ),
    project=project,
)
