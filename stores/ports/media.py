"""Media: what became of each declared file, its renditions, and what it is used for.

All changes of a media come from one partition, so in order: its declaration first. The first verdict about the bytes stands; a
ready media may get other renditions. Where nothing was declared, or it was deleted, the other changes do nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from events.media import AttachedKind, FilterName, FocalPoint, RejectedReason, Rendition
from stores.ports.view import Parking

MediaStatus = Literal["pending", "uploaded", "ready", "rejected"]


@dataclass(frozen=True, slots=True)
class MediaPut:
    """A file was declared. A second declaration of the same media changes nothing."""

    media_id: int
    owner_id: int
    object_key: str
    content_type: str
    size_bytes: int
    sha256: str
    filter: FilterName
    focal_point: FocalPoint | None
    alt_text: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class UploadedSet:
    """The bytes are there. Changes nothing once they were looked at."""

    media_id: int


@dataclass(frozen=True, slots=True)
class ReadySet:
    """The bytes were what was declared. Once more: the renditions have moved. Changes nothing after a rejection."""

    media_id: int
    width: int
    height: int
    blurhash: str
    renditions: tuple[Rendition, ...]


@dataclass(frozen=True, slots=True)
class RejectedSet:
    """Changes nothing once the media is ready."""

    media_id: int
    reason: RejectedReason


@dataclass(frozen=True, slots=True)
class AltTextSet:
    media_id: int
    alt_text: str


@dataclass(frozen=True, slots=True)
class FocalPointSet:
    media_id: int
    focal_point: FocalPoint | None


@dataclass(frozen=True, slots=True)
class AttachedSet:
    """The media is wanted for this; the first one stands."""

    media_id: int
    kind: AttachedKind
    target_id: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class MediaGone:
    """The media is deleted, and stays so whatever comes."""

    media_id: int


MediaChange = (
    MediaPut | UploadedSet | ReadySet | RejectedSet | AltTextSet | FocalPointSet | AttachedSet | MediaGone
)


@dataclass(frozen=True, slots=True, eq=False)
class Media:
    """Times are milliseconds since 1970 UTC. Compared by identity: a reader may hand out the same object until it changes."""

    media_id: int
    owner_id: int
    object_key: str
    content_type: str
    size_bytes: int
    sha256: str
    filter: FilterName
    focal_point: FocalPoint | None
    alt_text: str
    status: MediaStatus
    reason: RejectedReason | None
    width: int | None
    height: int | None
    blurhash: str | None
    renditions: tuple[Rendition, ...]
    attached: tuple[AttachedKind, int] | None
    attached_at_ms: int | None
    declared_at_ms: int


class MediaReader(Parking, Protocol):
    async def media(self, media_ids: Collection[int]) -> Mapping[int, Media]:
        """Those of the media that are there."""

    async def attached_to(self, kind: AttachedKind, target_id: int) -> Sequence[Media]:
        """The media that stand as attached to this, by id."""
