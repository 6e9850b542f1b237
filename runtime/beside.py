"""The system as the command line sees it, beside running servers or without one: the log, the registry and the views, to read,
and to build generations that nobody serves yet.

Nothing here appends, and nothing waits for a server or makes it wait. What a set-up has of its own is said by its `Place`.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import click

from projectors.catalogue import BY_NAME
from projectors.engines.progress import GenerationKey
from projectors.step import Step
from replay.rebuild import Report, build, switch
from runtime.folder import Folder, held
from runtime.lag import lag_count
from runtime.parts import view_makers
from runtime.settings import Settings, read_settings
from stores.ports.keys import Keys
from stores.ports.log import LogReader, Positions
from stores.ports.registry import Generation, Registry
from stores.ports.views import Views
from stores.sqlite.database import Database
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLogReader
from stores.sqlite.registry import SqliteRegistry
from stores.sqlite.state import open_state


class Place(Protocol):
    """Where a set-up keeps what the command line works with."""

    @property
    def log(self) -> LogReader: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def keys(self) -> Keys: ...

    def open_view(self, projection: str, number: int) -> Any:
        """A view, and its reader."""

    async def prepare(self, projection: str, number: int) -> None:
        """Make what the store needs before the view is opened the first time."""

    def replaying(self, generation: Generation) -> AbstractContextManager[object]:
        """Held while a generation is being built. Raises FolderInUseError when another command builds it."""

    def unfed(self) -> AbstractContextManager[object]:
        """Held while nobody else may feed the generations. Raises FolderInUseError when somebody does."""

    async def close(self) -> None: ...


class FolderPlace:
    """The data folder of an embedded server."""

    def __init__(self, settings: Settings) -> None:
        self._folder = Folder(settings.data)
        self._makers = view_makers(settings)
        self._state: Database = open_state(self._folder.state)
        self._opened: list[Any] = []
        self.log = SqliteLogReader(self._folder.log)
        self.registry = SqliteRegistry(self._state)
        self.keys = SqliteKeys(self._state)

    def open_view(self, projection: str, number: int) -> Any:
        self._opened.append(self._makers[projection](self._folder.view(projection, number)))
        return self._opened[-1]

    async def prepare(self, projection: str, number: int) -> None:
        """A file makes its tables when it is opened."""

    def replaying(self, generation: Generation) -> AbstractContextManager[object]:
        name = f"{generation.projection}.{generation.number}.lock"
        return held(self._folder.views / name, f"another command is replaying {generation.projection}")

    def unfed(self) -> AbstractContextManager[object]:
        return self._folder.lock()

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


class Beside:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._opened: dict[GenerationKey, Any] = {}
        self.log = place.log
        self.registry = place.registry

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

    async def live(self, projection: str) -> Generation:
        return next(
            g for g in await self.registry.generations() if (g.projection, g.state) == (projection, "live")
        )

    async def begin(self, live: Generation) -> Generation:
        """A generation to take the live one's place: one that was begun and broken off, else a new one.

        One that is younger than the live one and ready was broken off before the switch.
        """
        projection, version = live.projection, BY_NAME[live.projection].version
        for known in await self.registry.generations():
            begun = known.state == "building" or (known.state == "ready" and known.number > live.number)
            if begun and (known.projection, known.version) == (projection, version):
                return known
        return await self.registry.begin(projection, version)

    async def retire_before(self, replaced: Generation) -> None:
        """Feed no more what was replaced earlier: one generation to go back to is kept up."""
        for known in await self.registry.generations():
            older = known.projection == replaced.projection and known.number < replaced.number
            if older and known.state == "ready":
                await self.registry.mark(known.projection, known.number, "retired")

    async def is_ready(self, generation: Generation) -> bool:
        """Whether it can be switched to."""
        known = {(g.projection, g.number): g.state for g in await self.registry.generations()}
        return known.get((generation.projection, generation.number)) == "ready"

    async def build(self, generation: Generation, report: Report) -> None:
        """Fold the log into the generation's view, up to the log's present end."""
        await self._place.prepare(generation.projection, generation.number)
        step = Step(BY_NAME[generation.projection], self.view(generation), self.log, self._place.keys)
        await build(step, self.log, report)

    async def switch(self, live: Generation, fresh: Generation) -> bool:
        return await switch(self.registry, live, fresh)

    async def positions(self, generation: Generation) -> Positions:
        return {at: position.offset for at, position in (await self.view(generation).positions()).items()}

    def replaying(self, generation: Generation) -> AbstractContextManager[object]:
        """Held while a generation is being built. Raises FolderInUseError when another command builds it."""
        return self._place.replaying(generation)

    def unfed(self) -> AbstractContextManager[object]:
        """Held while nobody else may feed the generations. Raises FolderInUseError when somebody does."""
        return self._place.unfed()

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
