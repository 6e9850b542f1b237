"""Where a distributed system keeps what the command line works with."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from events.ids import Ids
from replay.operations import append_noted
from runtime.cluster import Cluster
from runtime.errors import ReplayedElsewhereError
from runtime.folder import FolderInUseError
from stores.cassandra.leases import LeaseHeldError
from stores.cassandra.presence import Presence
from stores.cassandra.view import CassandraView
from stores.ports.errors import UnavailableError
from stores.ports.together import Together, at_once


class ClusterPlace:
    """The services of a distributed system. Its workers feed every generation that is ready."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._presence: Presence | None = None
        self.together: Together = at_once
        self.log, self.registry, self.keys = cluster.log, cluster.registry, cluster.keys
        self.folder: Path | None = None

    def open_view(self, projection: str, number: int) -> Any:
        return self._cluster.unserved(projection, number)

    async def prepare(self, projection: str, number: int) -> None:
        view = self._cluster.unserved(projection, number)
        if isinstance(view, CassandraView):
            await view.create()

    async def remove(self, projection: str, number: int) -> None:
        await self._cluster.unserved(projection, number).drop()

    @asynccontextmanager
    async def replaying(self, projection: str) -> AsyncIterator[None]:
        try:
            async with self._cluster.replaying(projection):
                yield
        except LeaseHeldError:
            raise ReplayedElsewhereError(projection) from None

    async def is_replayed(self, projection: str) -> bool:
        return await self._cluster.is_replayed(projection)

    def unfed(self) -> AbstractContextManager[object]:
        raise FolderInUseError("the workers feed the views")

    async def ids(self) -> Ids:
        """A number that was taken earlier may be held by another process by now."""
        await self._leave()
        self._presence = await Presence.enter(self._cluster.cassandra)
        return Ids(self._presence.shard)

    async def append_noted(self) -> None:
        """The reactors look for notes as well."""
        with suppress(UnavailableError):
            await append_noted(self.registry, self._cluster.log)

    async def close(self) -> None:
        await self._leave()
        await self._cluster.close()

    async def _leave(self) -> None:
        if self._presence is not None:
            await self._presence.leave()
