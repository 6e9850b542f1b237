"""Media over HTTP: a file is declared, sent to where the answer says, and completed; then looked at, described and deleted.

All of it is for the owner alone. Bytes do not pass through here.
"""

from functools import partial
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from api.calls import Answer, Call
from api.inputs import merged_part
from api.media_json import Media, media_json, rendition_urls
from api.models import MAY_BE_ABSENT, Input, Output, Time, rfc3339
from api.problems import (
    CONFLICT,
    MEDIA_IN_USE,
    NOT_FOUND,
    TOO_LARGE,
    UPLOAD_INCOMPLETE,
)
from api.routes import Endpoint, Reply
from api.services import Services
from events.ids import MAX_ID
from events.media import FilterName, FocalPoint, MediaField
from events.text import Text
from producers import media as commands
from producers.media import PHOTO_LIMIT_BYTES, Declaration, Edit, own_media
from stores.ports.log import Positions
from stores.ports.media import Media as StoredMedia
from stores.ports.media import MediaStatus
from stores.ports.objects import UploadTarget

PROCESSING_RETRY_S = 1

PhotoType = Literal["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/heic"]
AltText = Annotated[str, Text(0, 1000)]
Share = Annotated[float, Field(ge=-1, le=1)]


def _whole(value: object) -> object:
    """To JSON, 1.0 and 1 are one number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


SizeBytes = Annotated[
    int,
    Field(ge=1, le=MAX_ID, json_schema_extra={"maximum": PHOTO_LIMIT_BYTES}),  # more has a problem of its own
    BeforeValidator(_whole),
]


class FocalPointInput(Input):
    """-1..1 from left to right and from bottom to top."""

    x: Share
    y: Share


class NewMedia(Input):
    """A photo has at most 8,388,608 bytes. Null is as good as absent."""

    type: Literal["photo"]
    content_type: PhotoType
    size_bytes: SizeBytes
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
    alt_text: AltText | None = None
    filter: FilterName | None = None
    focal_point: FocalPointInput | None = None


class FocalPointPatch(Input):
    """Members that are absent keep their values; the result has to have both."""

    x: Annotated[Share, MAY_BE_ABSENT] = 0.0
    y: Annotated[Share, MAY_BE_ABSENT] = 0.0


class MediaPatch(Input):
    """Null clears."""

    alt_text: AltText | None = None
    focal_point: FocalPointPatch | None = None


class Upload(Output):
    """Where the file is sent. With `fields`: a form POST, the file last and named `file`; without: the bytes, with `headers`."""

    kind: Literal["single"]
    method: Literal["PUT", "POST"]
    url: str
    headers: dict[str, str]
    fields: dict[str, str] | None
    expires_at: Time
    expires_in: int


class DeclaredMedia(Output):
    media: Media
    upload: Upload


class ReceivedPart(Output):
    number: int
    size_bytes: int


class UploadState(Output):
    state: MediaStatus
    received: list[ReceivedPart]


async def post_media(app: Services, call: Call) -> Answer:
    me, body = app.command(call), call.body(NewMedia)
    written = await commands.declare_media(app.log, app.views().media, me, call.new_id, _declaration(body))
    media = written.value
    target = await commands.upload_target(app.objects, media, me.at_ms)
    return Answer(
        201,
        {"media": _json(app, media), "upload": upload_json(target, me.at_ms)},
        headers={"Location": f"/v1/media/{media.media_id}"},
        position=written.positions,
    )


async def post_complete(app: Services, call: Call) -> Answer:
    media = await own_media(app.views().media, call.me, call.id)
    written = await commands.complete_media(app.log, app.objects, app.command(call), media)
    return _answer(app, written.value, written.positions)


async def get_media(app: Services, call: Call) -> Answer:
    return _answer(app, await own_media(app.views().media, call.me, call.id), None)


async def patch_media(app: Services, call: Call) -> Answer:
    media = await own_media(app.views().media, call.me, call.id)
    edit = edit_of(call.body(MediaPatch), media)
    written = await commands.edit_media(app.log, app.command(call), media, edit)
    return _answer(app, written.value, written.positions)


async def delete_one_media(app: Services, call: Call) -> Answer:
    media = await own_media(app.views().media, call.me, call.id)
    return Answer(204, position=await commands.delete_media(app.log, app.command(call), media))


async def get_upload(app: Services, call: Call) -> Answer:
    media = await own_media(app.views().media, call.me, call.id)
    if media.status != "pending":
        size_bytes: int | None = media.size_bytes
    else:
        stored = await app.objects.stored(media.object_key)
        size_bytes = None if stored is None else stored.size_bytes
    received = [] if size_bytes is None else [{"number": 1, "size_bytes": size_bytes}]
    return Answer(body={"state": media.status, "received": received})


async def post_upload(app: Services, call: Call) -> Answer:
    media = await own_media(app.views().media, call.me, call.id)
    now_ms = app.clock()
    target = await commands.upload_target(app.objects, media, now_ms)
    return Answer(body=upload_json(target, now_ms), headers={"Cache-Control": "no-store"})


def edit_of(patch: MediaPatch, media: StoredMedia) -> Edit:
    """What a merge patch means for the media as it is."""
    fields: tuple[MediaField, ...] = ("alt_text", "focal_point")
    return Edit(
        changed=tuple(name for name in fields if name in patch.model_fields_set),
        alt_text=patch.alt_text or "",
        focal_point=None
        if patch.focal_point is None
        else merged_part(patch.focal_point, media.focal_point, FocalPoint, "focal_point"),
    )


def upload_json(target: UploadTarget, now_ms: int) -> dict[str, object]:
    return {
        "kind": "single",
        "method": target.method,
        "url": target.url,
        "headers": dict(target.headers),
        "fields": None if target.fields is None else dict(target.fields),
        "expires_at": rfc3339(target.expires_at_ms),
        "expires_in": (target.expires_at_ms - now_ms) // 1000,
    }


def _declaration(body: NewMedia) -> Declaration:
    point = body.focal_point
    return Declaration(
        content_type=body.content_type,
        size_bytes=body.size_bytes,
        sha256=body.sha256.lower(),
        alt_text=body.alt_text or "",
        filter=body.filter or "none",
        focal_point=None if point is None else FocalPoint(x=point.x, y=point.y),
    )


def _answer(app: Services, media: StoredMedia, positions: Positions | None) -> Answer:
    headers = {"Retry-After": str(PROCESSING_RETRY_S)} if media.status == "uploaded" else {}
    return Answer(body=_json(app, media), headers=headers, position=positions)


def _json(app: Services, media: StoredMedia) -> dict[str, object]:
    """For the owner, whatever others may see."""
    return media_json(media, rendition_urls(app.objects, "private", app.clock()))


_MEDIA = Reply("The media; `Retry-After` while it is being processed", Media, headers=("Retry-After",))


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "POST", "/v1/media", partial(post_media, app), summary="Declare a file", tag="media",
            replies={201: Reply("The media, and where to send the file", DeclaredMedia, headers=("Location",))},
            body=NewMedia, reads=("media",), problems=(TOO_LARGE,),
        ),
        Endpoint(
            "POST", "/v1/media/{id}/complete", partial(post_complete, app), tag="media",
            summary="Say that the file was sent", replies={200: _MEDIA}, reads=("media",),
            problems=(NOT_FOUND, UPLOAD_INCOMPLETE),
        ),
        Endpoint(
            "GET", "/v1/media/{id}", partial(get_media, app), summary="One of your media", tag="media",
            replies={200: _MEDIA}, reads=("media",), problems=(NOT_FOUND,),
        ),
        Endpoint(
            "PATCH", "/v1/media/{id}", partial(patch_media, app), summary="Describe a media", tag="media",
            replies={200: _MEDIA}, body=MediaPatch, reads=("media",), problems=(NOT_FOUND,),
        ),
        Endpoint(
            "DELETE", "/v1/media/{id}", partial(delete_one_media, app), summary="Delete a media", tag="media",
            replies={204: Reply("It is gone")}, reads=("media",), problems=(NOT_FOUND, MEDIA_IN_USE),
        ),
        Endpoint(
            "GET", "/v1/media/{id}/upload", partial(get_upload, app), tag="media",
            summary="What has arrived of a file", replies={200: Reply("The upload", UploadState)},
            reads=("media",), problems=(NOT_FOUND,),
        ),
        Endpoint(
            "POST", "/v1/media/{id}/upload", partial(post_upload, app), tag="media", keyed="never",
            summary="Where to send a file, anew", replies={200: Reply("Where to send it", Upload)},
            reads=("media",), problems=(NOT_FOUND, CONFLICT),
        ),
    ]  # fmt: skip
