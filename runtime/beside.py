"""The system as the command line sees it, beside a running server or without one: the log, the registry and the views, to read.

Nothing here appends, and nothing waits for the server or makes it wait.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from runtime.folder import Folder
from runtime.parts import PROJECTIONS, view_makers
from runtime.settings import Settings, read_settings
from stores.ports.registry import Generation
from stores.ports.views import Views
from stores.sqlite.database import Database
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
        self._opened: list[SqliteView[Any]] = []
        self.log = SqliteLogReader(self._folder.log)
        self.registry = SqliteRegistry(self._state)

    async def views(self) -> Views:
        """The views that are live now."""
        live = [g for g in await self.registry.generations() if g.state == "live"]
        readers: dict[str, Any] = {g.projection: self._view(g) for g in live}
        return Views(**readers)

    async def standing(self, generation: Generation) -> Standing:
        view = self._view(generation)
        positions = await view.positions()
        ends = await self.log.ends(PROJECTIONS[generation.projection].topics)
        applied = sum(position.offset + 1 for position in positions.values())
        total = sum(end + 1 for end in ends.values())
        return Standing(generation, applied, max(0, total - applied), len(await view.parked()))

    def close(self) -> None:
        for view in self._opened:
            view.close()
        self.log.close()
        self._state.close()

    def _view(self, generation: Generation) -> SqliteView[Any]:
        path = self._folder.view(generation.projection, generation.number)
        view = self._makers[generation.projection](path)
        self._opened.append(view)
        return view


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
