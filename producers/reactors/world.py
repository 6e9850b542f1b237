"""What the reactors on media work with: views that are not behind the log, the media store, and the log to append to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from events.envelope import Envelope
from events.ids import Clock, Ids
from events.topics import ACCOUNTS, MEDIA, POSTS
from producers.command import Command
from producers.journal import Journal
from producers.reactors.reactor import ParkedError
from stores.ports.errors import UnavailableError
from stores.ports.log import Log, Positions
from stores.ports.objects import Area, Objects
from stores.ports.progress import Progress
from stores.ports.view import Parking
from stores.ports.views import Views

Projection = Literal["media", "timelines", "accounts"]

WITHIN_MS = 10_000
_TOPICS: Mapping[Projection, str] = {"media": MEDIA, "timelines": POSTS, "accounts": ACCOUNTS}
_AREAS: tuple[Area, ...] = get_args(Area)


@dataclass(frozen=True, slots=True)
class World:
    journal: Journal
    log: Log
    progress: Progress
    views: Callable[[], Views]
    objects: Objects
    ids: Ids
    clock: Clock

    async def current(self, cause: Envelope, *projections: Projection) -> Views:
        """The live views, once these projections show everything that is on the log now.

        So whoever decides by them has seen the event that it reacts to, and all it appended itself. Raises UnavailableError
        when that takes too long, and ParkedError when something of the same key is parked, which they do not show.
        """
        await self.shown(projections, await self.log.ends([_TOPICS[name] for name in projections]))
        views = self.views()
        for name in projections:
            view: Parking = getattr(views, name)
            if await view.is_parked(_TOPICS[name], cause.key):
                raise ParkedError(f"events of {cause.key} are parked in {name}")
        return views

    async def shown(self, projections: tuple[Projection, ...], positions: Positions) -> None:
        """Wait until these projections show everything up to the positions."""
        if not await self.progress.reached(projections, positions, WITHIN_MS):
            raise UnavailableError("the views are behind the log")

    def command(self, cause: Envelope, owner_id: int) -> Command:
        """In the owner's name, because of an event."""
        return Command(owner_id, self.clock(), cause.correlation_id, self.ids, causation_id=cause.id)

    async def remove_files(self, media_id: int) -> None:
        """Every object of the media."""
        for area in _AREAS:
            await self.objects.delete([found.key for found in await self.objects.list(area, media_id)])
