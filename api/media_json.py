"""A media as clients see it: its model for the OpenAPI document, and the dict that is written.

Who may see a media is decided by whoever calls, who hands in for what audience its URLs are.
"""

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from api.models import Id, Output
from events.media import FilterName, RejectedReason, RenditionName
from events.media import FocalPoint as StoredFocalPoint
from stores.ports.media import Media as StoredMedia
from stores.ports.media import MediaStatus
from stores.ports.objects import Audience, Objects, area_of

UrlOf = Callable[[str], str]
"""From an object key to the URL under which the viewer fetches the object."""


class FocalPoint(Output):
    """-1..1 from left to right and from bottom to top."""

    x: float = Field(ge=-1, le=1)
    y: float = Field(ge=-1, le=1)


class Rendition(Output):
    url: str
    width: int
    height: int
    content_type: str
    size_bytes: int


class Video(Output):
    url: str
    width: int
    height: int
    duration_ms: int
    content_type: str
    size_bytes: int


class Media(Output):
    id: Id
    type: Literal["photo", "video"]
    status: MediaStatus
    reason: RejectedReason | None
    content_type: str
    size_bytes: int
    width: int | None
    height: int | None
    alt_text: str
    focal_point: FocalPoint | None
    filter: FilterName
    blurhash: str | None
    renditions: dict[RenditionName, Rendition]
    video: Video | None


def media_json(media: StoredMedia, url_of: UrlOf) -> dict[str, object]:
    """What orjson writes for a media; `Media` is its shape."""
    return {
        "id": str(media.media_id),
        "type": "photo",
        "status": media.status,
        "reason": media.reason,
        "content_type": media.content_type,
        "size_bytes": media.size_bytes,
        "width": media.width,
        "height": media.height,
        "alt_text": media.alt_text,
        "focal_point": focal_point_json(media.focal_point),
        "filter": media.filter,
        "blurhash": media.blurhash,
        "renditions": {
            rendition.name: {
                "url": url_of(rendition.object_key),
                "width": rendition.width,
                "height": rendition.height,
                "content_type": rendition.content_type,
                "size_bytes": rendition.size_bytes,
            }
            for rendition in media.renditions
        },
        "video": None,
    }


def focal_point_json(point: StoredFocalPoint | None) -> dict[str, object] | None:
    return None if point is None else {"x": point.x, "y": point.y}


def rendition_urls(objects: Objects, audience: Audience, now_ms: int) -> UrlOf:
    """Lasting URLs for what everybody may see and what has already been moved to where everybody can fetch it;
    signed ones for everything else.
    """

    def url_of(key: str) -> str:
        if audience == "public" and area_of(key) == "public":
            return objects.public_url(key)
        return objects.signed_url(key, now_ms, audience)

    return url_of
