"""The media fold: each event to its changes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from events.envelope import Envelope
from events.media import (
    FocalPoint,
    MediaAttached,
    MediaDeleted,
    MediaEdited,
    MediaProcessed,
    MediaRejected,
    MediaUploaded,
    MediaUploadStarted,
    Rendition,
)
from projectors.media import MEDIA, project
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

COMMON: dict[str, Any] = {
    "id": 1,
    "occurred_at": datetime.fromtimestamp(1_800_000_000, UTC),
    "actor_id": 11,
    "correlation_id": 2,
    "media_id": 501,
    "owner_id": 11,
}
AT_MS = 1_800_000_000_000
POINT = FocalPoint(x=0.5, y=-0.5)
THUMB = Rendition(
    name="thumb", object_key="private/501/a.webp", width=1, height=2, content_type="image/webp", size_bytes=3
)
CASES: list[tuple[Envelope, list[MediaChange]]] = [
    (
        MediaUploadStarted(
            **COMMON,
            object_key="originals/501/original",
            content_type="image/png",
            size_bytes=7,
            sha256="ab",
            filter="noir",
            focal_point=POINT,
            alt_text="A cat",
        ),
        [MediaPut(501, 11, "originals/501/original", "image/png", 7, "ab", "noir", POINT, "A cat", AT_MS)],
    ),
    (MediaUploaded(**COMMON), [UploadedSet(501)]),
    (
        MediaProcessed(**COMMON, width=8, height=9, blurhash="L", renditions=(THUMB,)),
        [ReadySet(501, 8, 9, "L", (THUMB,))],
    ),
    (MediaRejected(**COMMON, reason="corrupt"), [RejectedSet(501, "corrupt")]),
    (MediaEdited(**COMMON, changed=()), []),
    (MediaEdited(**COMMON, changed=("alt_text",), alt_text="Cats"), [AltTextSet(501, "Cats")]),
    (
        MediaEdited(**COMMON, changed=("alt_text", "focal_point")),
        [AltTextSet(501, ""), FocalPointSet(501, None)],
    ),
    (MediaEdited(**COMMON, changed=("focal_point",), focal_point=POINT), [FocalPointSet(501, POINT)]),
    (
        MediaAttached(**COMMON, attached_kind="post", attached_id=601),
        [AttachedSet(501, "post", 601, AT_MS)],
    ),
    (MediaDeleted(**COMMON), [MediaGone(501)]),
]


@pytest.mark.parametrize(("event", "changes"), CASES)
def test_fold(event: Any, changes: list[MediaChange]) -> None:
    assert project(event) == changes
    assert type(event) in MEDIA.events


def test_every_event_has_a_case() -> None:
    assert {type(event) for event, _ in CASES} == set(MEDIA.events)
