"""Brings the files of media to where they belong as soon as that changes: into the public area when everybody may see what they are
used for, out of it, under other keys, when that ends, and away when the media is deleted or was rejected.

A move copies, appends the new keys, and only then deletes. When a post is not for everybody any more, its files get new keys, even
if it was so for less time than it takes to move them, and the old objects go at once: anybody may have URLs of them. What else is
left behind in the private area is fetched through URLs that run out soon, and is removed by `sweeping`.

One at a time, because two moves of one media would undo each other: in one process by a lock; several processes have to share out
users, which the keys of both topics are.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import ClassVar

import structlog

from events.envelope import Envelope
from events.media import MediaAttached, MediaDeleted, MediaEvent, MediaProcessed, MediaRejected, Rendition
from events.posts import PostCreated, PostDeleted, PostEdited, PostEvent
from producers.reactors.world import World
from producers.visibility import is_public
from stores.ports.media import Media
from stores.ports.objects import Area, Audience, ObjectMissingError, area_of, new_rendition_key
from stores.ports.views import Views

_log = structlog.get_logger(__name__)


class Rekeying:
    name: ClassVar[str] = "rekeying"
    events: ClassVar[tuple[type[Envelope], ...]] = (
        MediaProcessed,
        MediaRejected,
        MediaAttached,
        MediaDeleted,
        PostCreated,
        PostEdited,
        PostDeleted,
    )
    delay_ms: ClassVar[int] = 0

    def __init__(self, world: World) -> None:
        self._world = world
        self._one_at_a_time = asyncio.Lock()

    async def react(self, event: Envelope) -> None:
        async with self._one_at_a_time:
            match event:
                case MediaDeleted():
                    await self._world.remove_files(event.media_id)
                case MediaEvent():
                    views = await self._world.current(event, "media", "timelines")
                    await self._settle(event, views, (await views.media.media((event.media_id,))).values())
                case PostEdited() if "visibility" not in event.changed:
                    pass
                case PostEvent():
                    views = await self._world.current(event, "media", "timelines")
                    await self._settle(event, views, await views.media.attached_to("post", event.post_id))

    async def _settle(self, event: Envelope, views: Views, all_media: Collection[Media]) -> None:
        for media in all_media:
            if media.status == "rejected":
                await self._world.remove_files(media.media_id)
            elif isinstance(event, PostDeleted):
                await self._delete(event, media)
            elif media.status == "ready":
                await self._move(event, media, await _audience(views, media))

    async def _delete(self, event: Envelope, media: Media) -> None:
        """The post is gone, its media not yet."""
        stamp = self._world.command(event, media.owner_id).stamp()
        deleted = MediaDeleted(**stamp, media_id=media.media_id, owner_id=media.owner_id)
        await self._world.journal.append(deleted)

    async def _move(self, event: Envelope, media: Media, audience: Audience) -> None:
        renditions = media.renditions
        was_shown = audience == "private" and _shows(event)
        is_withdrawn = was_shown or (audience == "private" and isinstance(event, PostEdited))
        is_elsewhere = any(area_of(rendition.object_key) != audience for rendition in renditions)
        if is_elsewhere or (was_shown and await self._has_older_files(event, media)):
            moved = await self._moved(event, media, audience)
            if moved is None:
                return
            renditions = moved
        areas: Sequence[Area] = ("public", "private") if is_withdrawn else ("public",)
        await self._delete_left(event, media, {rendition.object_key for rendition in renditions}, areas)

    async def _delete_left(
        self, event: Envelope, media: Media, named: Collection[str], areas: Collection[Area]
    ) -> None:
        """What was there before the event, or was named, and is not any more. Younger files that nobody names may be about to be
        named by a process that takes itself for the only one: they are left to `sweeping`.
        """
        left = {rendition.object_key for rendition in media.renditions}
        for area in areas:
            found = await self._world.objects.list(area, media.media_id)
            left |= {stored.key for stored in found if stored.stored_at_ms <= event.occurred_at_ms}
        await self._world.objects.delete([key for key in left if area_of(key) in areas and key not in named])

    async def _has_older_files(self, event: Envelope, media: Media) -> bool:
        """Those that were made because of the event are younger than it."""
        named = {rendition.object_key for rendition in media.renditions}
        private = await self._world.objects.list("private", media.media_id)
        return any(found.key in named and found.stored_at_ms <= event.occurred_at_ms for found in private)

    async def _moved(self, event: Envelope, media: Media, audience: Audience) -> tuple[Rendition, ...] | None:
        """The renditions under their new keys, when readers see them. None when somebody else has moved them meanwhile, who took
        itself for the only one as well: what it appended is reacted to.
        """
        renditions = tuple([r for old in media.renditions if (r := await self._copied(media, old, audience))])
        if len(renditions) < len(media.renditions) and not await self._is_unmoved(event, media):
            return None
        assert media.width is not None
        assert media.height is not None
        assert media.blurhash is not None
        moved = MediaProcessed(
            **self._world.command(event, media.owner_id).stamp(),
            media_id=media.media_id,
            owner_id=media.owner_id,
            width=media.width,
            height=media.height,
            blurhash=media.blurhash,
            renditions=renditions,
        )
        await self._world.shown(("media",), await self._world.journal.append(moved))
        return renditions

    async def _is_unmoved(self, event: Envelope, media: Media) -> bool:
        views = await self._world.current(event, "media")
        now = (await views.media.media((media.media_id,))).get(media.media_id)
        return now is not None and now.renditions == media.renditions

    async def _copied(self, media: Media, rendition: Rendition, audience: Audience) -> Rendition | None:
        key = new_rendition_key(audience, media.media_id)
        try:
            await self._world.objects.copy(rendition.object_key, key)
        except ObjectMissingError:  # lost; what is left must still not stay where it is
            _log.error("rendition lost", media_id=media.media_id, rendition=rendition.name)
            return None
        return rendition.model_copy(update={"object_key": key})


def _shows(event: Envelope) -> bool:
    """Whether the event made a post everybody's, whatever has become of that since."""
    return isinstance(event, PostCreated | PostEdited) and event.visibility == "public"


async def _audience(views: Views, media: Media) -> Audience:
    """Who may fetch the renditions. Private while in doubt: a post may not be there yet."""
    match media.attached:
        case ("avatar", _):
            return "public"
        case ("post", post_id):
            post = (await views.timelines.posts((post_id,))).get(post_id)
            return "public" if post is not None and is_public(post) else "private"
        case _:
            return "private"
