"""The live generation of every projection, as a process reads it that does not write it. A switch is seen here within a second;
requests resolve `views` once, so none sees half of it.
"""

from collections.abc import Callable, Collection
from typing import Any

from projectors.catalogue import BY_NAME
from projectors.engines.progress import GenerationKey
from runtime.due import Due
from runtime.errors import OperatorError
from stores.ports.log import Positions
from stores.ports.registry import Registry
from stores.ports.view import offsets_of
from stores.ports.views import Views


class NotPreparedError(OperatorError):
    """Some projection has no live generation. Run `photolog migrate`."""


class LiveViews:
    def __init__(self, registry: Registry, open_view: Callable[[str, int], Any]) -> None:
        self._registry = registry
        self._open_view = open_view
        self._open: dict[GenerationKey, Any] = {}
        self._views: Views | None = None
        self._due = Due()

    def due(self) -> Collection[str]:
        """Projections of which a rebuild is due, so that only workers of another release feed the live generation."""
        return self._due.names

    def views(self) -> Views:
        """The live views of now."""
        if self._views is None:
            raise RuntimeError("the views were not opened")
        return self._views

    def view(self, projection: str) -> Any:
        """The live view of a projection with all that it can do."""
        return getattr(self.views(), projection)

    async def stands(self, projection: str) -> Positions:
        return offsets_of(await self.view(projection).positions())

    async def refresh(self) -> None:
        """Follow the registry."""
        generations = await self._registry.generations()
        live = [(g.projection, g.number) for g in generations if g.state == "live"]
        if missing := sorted(BY_NAME.keys() - {projection for projection, _ in live}):
            raise NotPreparedError(f"{', '.join(missing)} have no live generation; run `photolog migrate`")
        opened = {key: self._open.get(key) or self._open_view(*key) for key in live if key[0] in BY_NAME}
        if opened != self._open:
            self._open = opened
            self._views = Views(**{projection: view for (projection, _), view in opened.items()})
        self._due.see(generations)
