"""The open generations of every projection, kept as the registry says: opened, fed, served, left.

A switch is seen here within a second; requests resolve `views` once, so none sees half of it. A live generation that was made by
another version of its fold is served and not fed: it stays where it stands until one of ours has taken its place.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from projectors.engines.embedded import EmbeddedEngine, Lane
from projectors.engines.progress import EmbeddedProgress, GenerationKey
from projectors.projection import Projection
from projectors.step import Step
from runtime.due import Due, is_rebuild_due, what_to_do
from runtime.errors import OperatorError
from runtime.parts import OpenView
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.keys import Keys
from stores.ports.log import LogReader
from stores.ports.registry import FED, Generation, Registry
from stores.ports.view import offsets_of
from stores.ports.views import Views
from stores.sqlite.feeds import SqliteFeeds
from stores.sqlite.view import SqliteView

_logger = structlog.get_logger(__name__)


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
        self._due = Due(makers.projections)
        self._views: Views | None = None

    def views(self) -> Views:
        """The live views of now."""
        if self._views is None:
            raise RuntimeError("the generations were not opened")
        return self._views

    def live_number(self, projection: str) -> int:
        return self._live[projection]

    def due(self) -> Collection[str]:
        """Projections of which a rebuild is due, so that nobody feeds the live generation."""
        return self._due.names

    def feeds(self) -> Sequence[SqliteFeeds]:
        """All that are open, for upkeep, which readers do not do."""
        return [view for view in self._open.values() if isinstance(view, SqliteFeeds)]

    async def begin(self) -> None:
        """Give every projection that has none its first generation, then open all."""
        known = {generation.projection for generation in await self._registry.generations()}
        for projection in self._makers.projections.values():
            if projection.name not in known:
                await self._registry.begin(projection.name, projection.version)
        await self.refresh()

    async def refresh(self) -> None:
        """Follow the registry. What cannot be opened now, as on a full disk, is opened by the next call; what cannot be at all
        is set aside, unless it is live.
        """
        generations = await self._registry.generations()
        registered = {(g.projection, g.number): g for g in generations if self._is_opened(g)}
        for key, generation in registered.items():
            if key not in self._open:
                await self._enter(generation)
        self._due.see(generations)
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

    def _is_opened(self, generation: Generation) -> bool:
        """One beside the live one only if it was made by the fold that runs here: another would be mixed into it."""
        projection = self._makers.projections.get(generation.projection)
        if projection is None:
            return False
        is_ours = generation.version == projection.version
        return generation.state == "live" or (generation.state in FED and is_ours)

    async def _enter(self, generation: Generation) -> None:
        projection = self._makers.projections[generation.projection]
        key = (generation.projection, generation.number)
        try:
            view = self._makers.open_view[projection.name](self._makers.path(*key))
        except UnavailableError:
            raise
        except StoreError as error:
            if generation.state == "live":
                raise OperatorError(f"{error}; `{what_to_do(projection.name)}` builds another") from error
            _logger.error("generation cannot be opened", view=key, error=str(error))
            await self._registry.mark(*key, "broken")
            return
        if is_rebuild_due(generation, self._makers.projections):
            stands = await view.positions()
            self._progress.publish(key, offsets_of(stands))
        else:
            self._engine.feed([Lane(key, Step(projection, view, self._makers.log, self._makers.keys))])
        self._open[key] = view
