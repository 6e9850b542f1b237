"""Where a distributed system keeps what the command line works with."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from runtime.cluster import Cluster
from runtime.folder import FolderInUseError
from stores.cassandra.view import CassandraView
from stores.ports.registry import Generation


class ClusterPlace:
    """The services of a distributed system. Its workers feed every generation that is ready."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.log, self.registry, self.keys = cluster.log, cluster.registry, cluster.keys

    def open_view(self, projection: str, number: int) -> Any:
        return self._cluster.view(projection, number)

    async def prepare(self, projection: str, number: int) -> None:
        view = self._cluster.view(projection, number)
        if isinstance(view, CassandraView):
            await view.create()

    def replaying(self, generation: Generation) -> AbstractContextManager[object]:
        """Two who build one generation write the same."""
        return nullcontext()

    def unfed(self) -> AbstractContextManager[object]:
        raise FolderInUseError("the workers feed the views")

    async def close(self) -> None:
        await self._cluster.close()
