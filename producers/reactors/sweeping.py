"""Removes what nobody will ask for again. Both reactors are late on purpose: they see an event when its time has passed.

`Tidying` comes when no URL handed out before the event works any more. `Expiring` comes a day after a media was declared, was
attached, or was replaced as an avatar. Neither trusts the event about what is so now: that is in the views.
"""

from typing import ClassVar, assert_never

from events.accounts import ProfileChanged
from events.envelope import Envelope
from events.media import (
    MediaAttached,
    MediaDeleted,
    MediaEvent,
    MediaProcessed,
    MediaRejected,
    MediaUploaded,
    MediaUploadStarted,
)
from producers.media import is_uploaded
from producers.reactors.world import World
from stores.ports.media import Media
from stores.ports.objects import SIGNED_VALID_MS, UPLOAD_VALID_MS, StoredObject
from stores.ports.views import Views

_HOUR_MS = 3600 * 1000
TIDY_AFTER_MS = max(UPLOAD_VALID_MS, SIGNED_VALID_MS) + _HOUR_MS // 4
"""A quarter of an hour for uploads that began at the last moment, and for renditions that are stored but not named yet."""
EXPIRE_AFTER_MS = 25 * _HOUR_MS
"""A day, and an hour for what is being made of the media right now."""


class Tidying:
    """Completes uploads whose clients never came back, and removes files that no media names."""

    name: ClassVar[str] = "tidying"
    events: ClassVar[tuple[type[Envelope], ...]] = (
        MediaUploadStarted,
        MediaProcessed,
        MediaRejected,
        MediaDeleted,
    )
    delay_ms: ClassVar[int] = TIDY_AFTER_MS

    def __init__(self, world: World) -> None:
        self._world = world

    async def react(self, event: Envelope) -> None:
        assert isinstance(event, MediaEvent)
        if isinstance(event, MediaDeleted):  # an upload may have come in after the files were removed
            await self._world.remove_files(event.media_id)
            return
        views = await self._world.current(event, "media")
        for media in (await views.media.media((event.media_id,))).values():
            match media.status:
                case "pending":
                    await self._complete(event, media)
                case "uploaded":
                    pass
                case "rejected":
                    await self._world.remove_files(media.media_id)
                case "ready":
                    await self._remove_unnamed(media)
                case _:
                    assert_never(media.status)

    async def _complete(self, event: Envelope, media: Media) -> None:
        if await is_uploaded(self._world.objects, media):
            stamp = self._world.command(event, media.owner_id).stamp()
            uploaded = MediaUploaded(**stamp, media_id=media.media_id, owner_id=media.owner_id)
            await self._world.journal.append(uploaded)

    async def _remove_unnamed(self, media: Media) -> None:
        objects = self._world.objects
        named = {rendition.object_key for rendition in media.renditions}
        old_ms = self._world.clock() - TIDY_AFTER_MS
        found: list[StoredObject] = [
            *await objects.list("private", media.media_id),
            *await objects.list("public", media.media_id),
        ]
        await objects.delete([o.key for o in found if o.key not in named and o.stored_at_ms <= old_ms])


class Expiring:
    """Deletes media that are attached to nothing, or to something that does not use them."""

    name: ClassVar[str] = "expiring"
    events: ClassVar[tuple[type[Envelope], ...]] = (MediaUploadStarted, MediaAttached, ProfileChanged)
    delay_ms: ClassVar[int] = EXPIRE_AFTER_MS

    def __init__(self, world: World) -> None:
        self._world = world

    async def react(self, event: Envelope) -> None:
        match event:
            case ProfileChanged() if "avatar_media_id" not in event.changed:
                pass
            case ProfileChanged():
                views = await self._world.current(event, "media", "timelines", "accounts")
                for media in await views.media.attached_to("avatar", event.user_id):
                    await self._expire(event, views, media)
            case MediaEvent():
                views = await self._world.current(event, "media", "timelines", "accounts")
                for media in (await views.media.media((event.media_id,))).values():
                    await self._expire(event, views, media)

    async def _expire(self, event: Envelope, views: Views, media: Media) -> None:
        since_ms = media.declared_at_ms if media.attached_at_ms is None else media.attached_at_ms
        if self._world.clock() - since_ms < EXPIRE_AFTER_MS or await _is_used(views, media):
            return
        stamp = self._world.command(event, media.owner_id).stamp()
        deleted = MediaDeleted(**stamp, media_id=media.media_id, owner_id=media.owner_id)
        await self._world.journal.append(deleted)


async def _is_used(views: Views, media: Media) -> bool:
    match media.attached:
        case ("avatar", user_id):
            account = (await views.accounts.accounts((user_id,))).get(user_id)
            return account is not None and account.avatar_media_id == media.media_id
        case ("post", post_id):
            return post_id in await views.timelines.posts((post_id,))
        case _:
            return False
