"""The open generations of every projection, kept as the registry says: opened, fed, served, left.

A switch is seen here within a second; requests resolve `views` once, so none sees half of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projectors.engines.embedded import EmbeddedEngine, Lane
from projectors.engines.progress import EmbeddedProgress, GenerationKey
from projectors.projection import Projection
from projectors.step import Step
from runtime.errors import OperatorError
from runtime.parts import OpenView
from stores.ports.keys import Keys
from stores.ports.log import LogReader
from stores.ports.registry import Generation, Registry
from stores.ports.views import Views
from stores.sqlite.feeds import SqliteFeeds
from stores.sqlite.view import SqliteView


class RebuildDueError(OperatorError):
    """The live generation was made by another version of its fold. Run `photolog replay` for the projection."""


@dataclass(frozen=True, slots=True)
class Makers:
    """How to make what a generation consists of."""

    projections: Mapping[str, Projection[Any]]
    open_view: Mapping[str, OpenView]
    path: Callable[[str, int], Path]
    log: LogReader
    keys: Keys


class Generations:
    def __init__(
        self, registry: Registry, makers: Makers, engine: EmbeddedEngine, progress: EmbeddedProgress
    ) -> None:
        self._registry, self._makers, self._engine, self._progress = registry, makers, engine, progress
        self._open: dict[GenerationKey, SqliteView[Any]] = {}
        self._live: dict[str, int] = {}
        self._views: Views | None = None

    def views(self) -> Views:
        """The live views of now."""
        if self._views is None:
            raise RuntimeError("the generations were not opened")
        return self._views

    def live_number(self, projection: str) -> int:
        return self._live[projection]

    def live_feeds(self) -> SqliteFeeds:
        """For upkeep, which readers do not do."""
        view = self._open["feeds", self._live["feeds"]]
        assert isinstance(view, SqliteFeeds)
        return view

    async def begin(self) -> None:
        """Give every projection that has none its first generation, then open all."""
        known = {generation.projection for generation in await self._registry.generations()}
        for projection in self._makers.projections.values():
            if projection.name not in known:
                await self._registry.begin(projection.name, projection.version)
        await self.refresh()

    async def refresh(self) -> None:
        """Follow the registry. What cannot be opened now, as on a full disk, is opened by the next call."""
        registered = {
            (g.projection, g.number): g for g in await self._registry.generations() if self._is_fed(g)
        }
        for key, generation in registered.items():
            if key not in self._open:
                self._engine.feed([self._lane(generation)])
        live = {g.projection: g.number for g in registered.values() if g.state == "live"}
        if live != self._live:
            self._live = live
            readers: dict[str, Any] = {name: self._open[name, number] for name, number in live.items()}
            self._views = Views(**readers)
            self._progress.go_live(live)
        for key in self._open.keys() - registered.keys():
            self._engine.leave(key)
            del self._open[key]  # its connections close with the last request that reads from it

    def close(self) -> None:
        for view in self._open.values():
            view.close()

    def _is_fed(self, generation: Generation) -> bool:
        """One beside the live one only if it was made by the fold that runs here: another would be mixed into it."""
        projection = self._makers.projections.get(generation.projection)
        if projection is None:
            return False
        is_ours = generation.version == projection.version
        return generation.state == "live" or (generation.state == "ready" and is_ours)

    def _lane(self, generation: Generation) -> Lane:
        projection = self._makers.projections[generation.projection]
        if generation.state == "live" and generation.version != projection.version:
            raise RebuildDueError(f"{generation.projection} is at version {generation.version}")
        key = (generation.projection, generation.number)
        view = self._makers.open_view[projection.name](self._makers.path(*key))
        self._open[key] = view
        return Lane(key, Step(projection, view, self._makers.log, self._makers.keys))
