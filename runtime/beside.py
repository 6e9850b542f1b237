"""The system as the command line sees it, beside running servers or without one: the log, the registry and the views, to read,
and to build generations that nobody serves yet.

Nothing here appends but the records of what operators do, and nothing waits for a server or makes it wait. What a set-up has of its
own is said by its `Place`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    closing,
    suppress,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakSet

import click

from events.ids import Ids
from projectors.catalogue import BY_NAME
from projectors.engines.progress import GenerationKey
from projectors.step import ALONE_BATCH_COUNT, Step
from replay.operations import append_noted
from replay.rebuild import Report, Throttle, build
from runtime.due import is_rebuild_due
from runtime.errors import ReplayedElsewhereError
from runtime.folder import Folder, FolderInUseError, held
from runtime.lag import lag_count
from runtime.parts import view_makers
from runtime.settings import Settings, read_settings
from stores.ports.errors import UnavailableError
from stores.ports.keys import Keys
from stores.ports.log import LogReader, Positions
from stores.ports.registry import FED, Generation, Registry
from stores.ports.together import Together, in_turn
from stores.ports.view import offsets_of
from stores.ports.views import Views
from stores.sqlite.database import Database
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLog, SqliteLogReader
from stores.sqlite.registry import SqliteRegistry
from stores.sqlite.shards import take_shard
from stores.sqlite.state import open_state


class Place(Protocol):
    """Where a set-up keeps what the command line works with."""

    @property
    def log(self) -> LogReader: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def together(self) -> Together:
        """How partitions of the log are read that are read at the same time."""

    @property
    def folder(self) -> Path | None:
        """Where the system keeps files of its own, if it does."""

    def open_view(self, projection: str, number: int) -> Any:
        """A view, and its reader."""

    async def prepare(self, projection: str, number: int) -> None:
        """Make what the store needs before the view is opened the first time."""

    def replaying(self, projection: str) -> AbstractAsyncContextManager[None]:
        """Held while a generation is built, switched to or dropped. Raises ReplayedElsewhereError."""

    def unfed(self) -> AbstractContextManager[object]:
        """Held while nobody else may feed the generations. Raises FolderInUseError when somebody does."""

    async def ids(self) -> Ids:
        """For what is done within the next seconds."""

    async def append_noted(self) -> None:
        """Bring to the log what the registry has noted; what cannot be appended now is by a server, sooner or later."""

    async def close(self) -> None: ...


class FolderPlace:
    """The data folder of an embedded server."""

    def __init__(self, settings: Settings) -> None:
        self._folder = Folder(settings.data)
        self._makers = view_makers(settings)
        self._state: Database = open_state(self._folder.state)
        self._opened: WeakSet[Any] = WeakSet()
        self.log = SqliteLogReader(self._folder.log)
        self.registry = SqliteRegistry(self._state)
        self.keys = SqliteKeys(self._state)
        self.together: Together = in_turn
        self.folder: Path | None = settings.data

    def open_view(self, projection: str, number: int) -> Any:
        view = self._makers[projection](self._folder.view(projection, number))
        self._opened.add(view)
        return view

    async def prepare(self, projection: str, number: int) -> None:
        """A file makes its tables when it is opened."""

    @asynccontextmanager
    async def replaying(self, projection: str) -> AsyncIterator[None]:
        try:
            lock = held(self._folder.views / f"{projection}.lock", "")
        except FolderInUseError:
            raise ReplayedElsewhereError(projection) from None
        with lock:
            yield

    def unfed(self) -> AbstractContextManager[object]:
        return self._folder.lock()

    async def ids(self) -> Ids:
        return Ids(take_shard(self._state))

    async def append_noted(self) -> None:
        """The log has one process that appends: a server, where one is running, looks for notes every second."""
        with (
            suppress(FolderInUseError, UnavailableError),
            self._folder.lock(),
            closing(SqliteLog(self._folder.log)) as log,
        ):
            await append_noted(self.registry, log)

    async def close(self) -> None:
        for view in self._opened:
            view.close()
        self.log.close()
        self._state.close()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a generation stands, and where the log's partitions end that it reads; counts are of events."""

    generation: Generation
    stands: Positions
    ends: Positions
    applied_count: int
    behind_count: int
    parked_count: int

    @property
    def is_rebuild_due(self) -> bool:
        """It is live, and made by another version of its fold than this program has."""
        return is_rebuild_due(self.generation)


class Beside:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._opened: dict[GenerationKey, Any] = {}
        self.log = place.log
        self.registry = place.registry
        self.keys = place.keys
        self.together = place.together
        self.folder = place.folder

    async def views(self) -> Views:
        """The views that are live now."""
        live = [g for g in await self.registry.generations() if g.state == "live"]
        return Views(**{g.projection: self.view(g) for g in live if g.projection in BY_NAME})

    def view(self, generation: Generation) -> Any:
        """A generation's view, and its reader."""
        key = (generation.projection, generation.number)
        if key not in self._opened:
            self._opened[key] = self._place.open_view(*key)
        return self._opened[key]

    def fresh_view(self, generation: Generation) -> Any:
        """The same, opened anew: it remembers nothing of what it has read."""
        return self._place.open_view(generation.projection, generation.number)

    async def live(self, projection: str) -> Generation:
        return next(
            g for g in await self.registry.generations() if (g.projection, g.state) == (projection, "live")
        )

    async def begin(self, live: Generation) -> Generation:
        """A generation to take the live one's place: one that was begun and broken off, else a new one.

        One that is ready was broken off before the switch.
        """
        projection, version = live.projection, BY_NAME[live.projection].version
        for known in await self.generations(projection):
            if known.state in ("building", "ready") and known.version == version:
                return known
        return await self.registry.begin(projection, version)

    async def generations(self, projection: str) -> Sequence[Generation]:
        return [g for g in await self.registry.generations() if g.projection == projection]

    async def is_fed(self, generation: Generation) -> bool:
        """Whether it can be switched to."""
        known = {g.number: g.state for g in await self.generations(generation.projection)}
        return known.get(generation.number) in FED

    async def build(self, generation: Generation, report: Report, events_per_s: float | None = None) -> None:
        """Fold the log into the generation's view, up to the log's present end, held back to so many events a second."""
        await self._place.prepare(generation.projection, generation.number)
        throttle = None if events_per_s is None else Throttle(events_per_s)
        step = Step(
            BY_NAME[generation.projection],
            self.view(generation),
            self.log,
            self._place.keys,
            batch_count=ALONE_BATCH_COUNT if throttle is None else throttle.batch_count,
            together=self.together,
        )
        await build(step, self.log, report, throttle)

    async def remove(self, generation: Generation) -> None:
        """Everything that the generation's view holds. May be repeated."""
        await self.view(generation).drop()
        del self._opened[generation.projection, generation.number]

    async def positions(self, generation: Generation) -> Positions:
        return offsets_of(await self.view(generation).positions())

    def replaying(self, projection: str) -> AbstractAsyncContextManager[None]:
        """Held while a generation is built, switched to or dropped. Raises ReplayedElsewhereError."""
        return self._place.replaying(projection)

    def unfed(self) -> AbstractContextManager[object]:
        """Held while nobody else may feed the generations. Raises FolderInUseError when somebody does."""
        return self._place.unfed()

    async def ids(self) -> Ids:
        """For what is done within the next seconds."""
        return await self._place.ids()

    async def append_noted(self) -> None:
        """Bring to the log what the registry has noted; what cannot be appended now is by a server, sooner or later."""
        await self._place.append_noted()

    async def standing(self, generation: Generation) -> Standing:
        view = self.view(generation)
        stands = await self.positions(generation)
        ends = await self.log.ends(BY_NAME[generation.projection].topics)
        applied = sum(offset + 1 for offset in stands.values())
        behind = lag_count(generation.projection, ends, stands)
        return Standing(generation, stands, ends, applied, behind, len(await view.parked()))

    async def close(self) -> None:
        await self._place.close()


@asynccontextmanager
async def beside(data: Path | None) -> AsyncIterator[Beside]:
    """The system that the settings name, or the one in this data folder. Ends the command when there is none."""
    settings = read_settings()
    if data is not None:
        settings = settings.model_copy(update={"profile": "embedded", "data": data})
    system = Beside(await _place(settings))
    try:
        yield system
    finally:
        await system.close()


async def _place(settings: Settings) -> Place:
    if settings.profile == "distributed":
        from runtime.cluster import connected  # an embedded system needs none of its libraries
        from runtime.cluster_place import ClusterPlace

        return ClusterPlace(await connected(settings))
    if not Folder(settings.data).exists():
        raise click.ClickException(
            f"{settings.data} holds no Photolog log; start `photolog serve`, or name it with --data"
        )
    return FolderPlace(settings)
