"""The system as the command line sees it, beside a running server or without one: the log, the registry and the views, to read,
and to build generations that the server does not know yet.

Nothing here appends, and nothing waits for the server or makes it wait.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from projectors.engines.progress import GenerationKey
from projectors.step import Step
from replay.rebuild import Report, build, switch
from runtime.folder import Folder, held
from runtime.parts import PROJECTIONS, view_makers
from runtime.settings import Settings, read_settings
from stores.ports.log import Positions
from stores.ports.registry import Generation
from stores.ports.views import Views
from stores.sqlite.database import Database
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLogReader
from stores.sqlite.registry import SqliteRegistry
from stores.sqlite.state import open_state
from stores.sqlite.view import SqliteView


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a generation stands; counts are of events."""

    generation: Generation
    applied_count: int
    behind_count: int
    parked_count: int


class Beside:
    def __init__(self, settings: Settings) -> None:
        self._folder = Folder(settings.data)
        self._makers = view_makers(settings)
        self._state: Database = open_state(self._folder.state)
        self._opened: dict[GenerationKey, SqliteView[Any]] = {}
        self.log = SqliteLogReader(self._folder.log)
        self.registry = SqliteRegistry(self._state)

    async def views(self) -> Views:
        """The views that are live now."""
        live = [g for g in await self.registry.generations() if g.state == "live"]
        readers: dict[str, Any] = {g.projection: self._view(g) for g in live}
        return Views(**readers)

    async def live(self, projection: str) -> Generation:
        return next(
            g for g in await self.registry.generations() if (g.projection, g.state) == (projection, "live")
        )

    async def begin(self, live: Generation) -> Generation:
        """A generation to take the live one's place: one that was begun and broken off, else a new one.

        One that is younger than the live one and ready was broken off before the switch.
        """
        projection, version = live.projection, PROJECTIONS[live.projection].version
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
        projection = PROJECTIONS[generation.projection]
        keys = SqliteKeys(self._state)
        await build(Step(projection, self._view(generation), self.log, keys), self.log, report)

    async def switch(self, live: Generation, fresh: Generation) -> bool:
        return await switch(self.registry, live, fresh)

    async def positions(self, generation: Generation) -> Positions:
        return {at: position.offset for at, position in (await self._view(generation).positions()).items()}

    def replaying(self, generation: Generation) -> IO[str]:
        """Held while a generation is being built. Raises FolderInUseError when another command builds it."""
        name = f"{generation.projection}.{generation.number}.lock"
        return held(self._folder.views / name, f"another command is replaying {generation.projection}")

    def alone(self) -> IO[str]:
        """Held while no server may use the folder. Raises FolderInUseError when one does."""
        return self._folder.lock()

    async def standing(self, generation: Generation) -> Standing:
        view = self._view(generation)
        positions = await view.positions()
        ends = await self.log.ends(PROJECTIONS[generation.projection].topics)
        applied = sum(position.offset + 1 for position in positions.values())
        total = sum(end + 1 for end in ends.values())
        return Standing(generation, applied, max(0, total - applied), len(await view.parked()))

    def close(self) -> None:
        for view in self._opened.values():
            view.close()
        self.log.close()
        self._state.close()

    def _view(self, generation: Generation) -> SqliteView[Any]:
        key = (generation.projection, generation.number)
        if key not in self._opened:
            self._opened[key] = self._makers[generation.projection](self._folder.view(*key))
        return self._opened[key]


@contextmanager
def beside(data: Path | None) -> Iterator[Beside]:
    """The system in this data folder, or in the one the settings name. Ends the command when there is none."""
    settings = read_settings()
    if data is not None:
        settings = settings.model_copy(update={"data": data})
    if not Folder(settings.data).exists():
        raise click.ClickException(
            f"{settings.data} holds no Photolog log; start `photolog serve`, or name it with --data"
        )
    system = Beside(settings)
    try:
        yield system
    finally:
        system.close()
