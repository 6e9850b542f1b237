"""Looks at uploaded files: renditions for those that are what was declared, a reason for the others.

Renditions are stored first, under keys that nobody knows, and named by the event. What is stored and never named, because something
broke in between, is removed by `sweeping`. What a photo is and how renditions are made is not known here.
"""

import tempfile
from pathlib import Path
from typing import ClassVar

from events.envelope import Envelope
from events.media import MediaProcessed, MediaRejected, MediaUploaded, Rendition
from producers.reactors.world import World
from stores.ports.media import Media
from stores.ports.objects import ObjectMissingError, new_rendition_key
from stores.ports.pictures import Expected, Pictures, PicturesUnavailableError, Rejected, Rendered


class Processing:
    """`work` is a folder for what is being made; what is in it at a start is of no use to anybody."""

    name: ClassVar[str] = "processing"
    events: ClassVar[tuple[type[Envelope], ...]] = (MediaUploaded,)
    delay_ms: ClassVar[int] = 0

    def __init__(self, world: World, pictures: Pictures, work: Path) -> None:
        self._world = world
        self._pictures = pictures
        self._work = work
        self._running: set[int] = set()

    async def react(self, event: Envelope) -> None:
        assert isinstance(event, MediaUploaded)
        if event.media_id in self._running:  # said twice: the position waits for the first of them
            return
        self._running.add(event.media_id)
        try:
            media = await self._unseen(event)
            if media is not None:
                await self._look_at(event, media)
        finally:
            self._running.discard(event.media_id)

    async def _unseen(self, event: MediaUploaded) -> Media | None:
        """The media, if it still waits for somebody to look at it."""
        views = await self._world.current(event, "media")
        media = (await views.media.media((event.media_id,))).get(event.media_id)
        return media if media is not None and media.status == "uploaded" else None

    async def _look_at(self, event: MediaUploaded, media: Media) -> None:
        with self._room() as folder:
            target = Path(folder)
            made = await self._render(media, target)
            if isinstance(made, Rejected):
                await self._reject(event, media, made)
            else:
                await self._publish(event, media, made, target)

    def _room(self) -> tempfile.TemporaryDirectory[str]:
        """What cannot be removed now is removed at the next start."""
        try:
            return tempfile.TemporaryDirectory(dir=self._work, ignore_cleanup_errors=True)
        except OSError as error:
            raise PicturesUnavailableError("no room for what is made of a picture") from error

    async def _render(self, media: Media, target: Path) -> Rendered | Rejected:
        expected = Expected(media.content_type, media.size_bytes, media.sha256, media.filter)
        try:
            async with self._world.objects.local(media.object_key) as original:
                return await self._pictures.render(original, expected, target)
        except ObjectMissingError:  # it was there when the upload was completed, so it was lost
            return Rejected("corrupt")

    async def _reject(self, event: MediaUploaded, media: Media, rejected: Rejected) -> None:
        stamp = self._world.command(event, media.owner_id).stamp()
        await self._world.journal.append(
            MediaRejected(**stamp, media_id=media.media_id, owner_id=media.owner_id, reason=rejected.reason)
        )

    async def _publish(self, event: MediaUploaded, media: Media, made: Rendered, target: Path) -> None:
        renditions = await self._store(media.media_id, made, target)
        if await self._unseen(event) is None:  # deleted meanwhile
            await self._world.objects.delete([rendition.object_key for rendition in renditions])
            return
        await self._world.journal.append(
            MediaProcessed(
                **self._world.command(event, media.owner_id).stamp(),
                media_id=media.media_id,
                owner_id=media.owner_id,
                width=made.width,
                height=made.height,
                blurhash=made.blurhash,
                renditions=renditions,
            )
        )

    async def _store(self, media_id: int, made: Rendered, target: Path) -> tuple[Rendition, ...]:
        renditions = []
        for name, file in made.renditions.items():
            key = new_rendition_key("private", media_id)
            await self._world.objects.put(key, target / file.file_name, file.content_type)
            rendition = Rendition(
                name=name,
                object_key=key,
                width=file.width,
                height=file.height,
                content_type=file.content_type,
                size_bytes=file.size_bytes,
            )
            renditions.append(rendition)
        return tuple(renditions)
