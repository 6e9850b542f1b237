"""Commands on media: declare a file, say that it is there, edit it, delete it. Its owner's business alone: to others it is absent.

What becomes of the bytes is decided by the reactors.
"""

from dataclasses import dataclass, replace

from events.media import (
    FilterName,
    FocalPoint,
    MediaDeleted,
    MediaEdited,
    MediaField,
    MediaUploaded,
    MediaUploadStarted,
)
from producers.attaching import MediaInUseError
from producers.command import Command
from producers.errors import ConflictError, InvalidError, NotFoundError
from producers.journal import Journal
from producers.written import Written
from stores.ports.log import Positions
from stores.ports.media import Media, MediaReader
from stores.ports.objects import Objects, UploadTarget, original_key

PHOTO_LIMIT_BYTES = 8 * 1024 * 1024


class TooLargeError(InvalidError):
    """The file is larger than one of its type may be."""

    def __init__(self) -> None:
        super().__init__("size_bytes", "too_large", f"A photo may have {PHOTO_LIMIT_BYTES} bytes.")


class UploadIncompleteError(ConflictError):
    """The media store does not hold the whole file yet."""

    code = "upload_incomplete"


class UploadClosedError(ConflictError):
    """The file is there already; declare another one."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the client says about a file. `sha256` is in lower-case hexadecimal digits."""

    content_type: str
    size_bytes: int
    sha256: str
    alt_text: str = ""
    filter: FilterName = "none"
    focal_point: FocalPoint | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """New values of the fields named in `changed`."""

    changed: tuple[MediaField, ...]
    alt_text: str = ""
    focal_point: FocalPoint | None = None


async def own_media(media: MediaReader, me: int, media_id: int) -> Media:
    found = (await media.media([media_id])).get(media_id)
    if found is None or found.owner_id != me:
        raise NotFoundError
    return found


async def declare_media(
    log: Journal, media: MediaReader, me: Command, media_id: int, declared: Declaration
) -> Written[Media]:
    """With the same id again, it is the same media, and nothing is appended once the first is seen."""
    if (known := (await media.media((media_id,))).get(media_id)) is not None:
        return Written(known, {})
    if declared.size_bytes > PHOTO_LIMIT_BYTES:
        raise TooLargeError
    event = MediaUploadStarted(
        **me.stamp(),
        media_id=media_id,
        owner_id=me.actor_id,
        object_key=original_key(media_id),
        content_type=declared.content_type,
        size_bytes=declared.size_bytes,
        sha256=declared.sha256,
        filter=declared.filter,
        focal_point=declared.focal_point,
        alt_text=declared.alt_text,
    )
    return Written(_declared(event), await log.append(event))


async def upload_target(objects: Objects, media: Media, now_ms: int) -> UploadTarget:
    if media.status != "pending":
        raise UploadClosedError
    return await objects.upload_target(media.object_key, media.content_type, media.size_bytes, now_ms)


async def complete_media(log: Journal, objects: Objects, me: Command, media: Media) -> Written[Media]:
    """Believed only when the media store has the file. Appends nothing when that was said before."""
    if media.status != "pending":
        return Written(media, {})
    if not await is_uploaded(objects, media):
        raise UploadIncompleteError
    event = MediaUploaded(**me.stamp(), media_id=media.media_id, owner_id=media.owner_id)
    return Written(replace(media, status="uploaded"), await log.append(event))


async def is_uploaded(objects: Objects, media: Media) -> bool:
    stored = await objects.stored(media.object_key)
    return stored is not None and stored.size_bytes == media.size_bytes


async def edit_media(log: Journal, me: Command, media: Media, edit: Edit) -> Written[Media]:
    if not edit.changed:
        return Written(media, {})
    event = MediaEdited(
        **me.stamp(),
        media_id=media.media_id,
        owner_id=media.owner_id,
        changed=edit.changed,
        alt_text=edit.alt_text,
        focal_point=edit.focal_point,
    )
    if "alt_text" in edit.changed:
        media = replace(media, alt_text=edit.alt_text)
    if "focal_point" in edit.changed:
        media = replace(media, focal_point=edit.focal_point)
    return Written(media, await log.append(event))


async def delete_media(log: Journal, me: Command, media: Media) -> Positions:
    if media.attached is not None:
        raise MediaInUseError
    return await log.append(MediaDeleted(**me.stamp(), media_id=media.media_id, owner_id=media.owner_id))


def _declared(event: MediaUploadStarted) -> Media:
    return Media(
        media_id=event.media_id,
        owner_id=event.owner_id,
        object_key=event.object_key,
        content_type=event.content_type,
        size_bytes=event.size_bytes,
        sha256=event.sha256,
        filter=event.filter,
        focal_point=event.focal_point,
        alt_text=event.alt_text,
        status="pending",
        reason=None,
        width=None,
        height=None,
        blurhash=None,
        renditions=(),
        attached=None,
        attached_at_ms=None,
        declared_at_ms=event.occurred_at_ms,
    )
