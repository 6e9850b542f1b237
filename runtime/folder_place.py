"""Where an embedded system keeps what the command line works with: its data folder."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import IO, Any
from weakref import WeakSet

from events.ids import Ids
from replay.operations import append_noted
from runtime.errors import CommandError, ReplayedElsewhereError
from runtime.folder import Folder, FolderInUseError, held, is_held
from runtime.parts import view_makers
from runtime.settings import Settings
from stores.ports.errors import UnavailableError
from stores.ports.together import Together, in_turn
from stores.sqlite.database import Database, delete
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLog, SqliteLogReader
from stores.sqlite.registry import SqliteRegistry
from stores.sqlite.shards import take_shard
from stores.sqlite.state import open_state

_LOOKED_S = 0.05
"""Longer than anybody only looks whether a lock is held."""


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

    async def remove(self, projection: str, number: int) -> None:
        """Who has it open elsewhere goes on until they close it."""
        delete(self._folder.view(projection, number))

    @asynccontextmanager
    async def replaying(self, projection: str) -> AsyncIterator[None]:
        self._folder.views.mkdir(mode=0o700, exist_ok=True)  # a backup has none
        path = self._folder.replay_lock(projection)
        try:
            lock = await _taken(path)
        except FolderInUseError:
            raise ReplayedElsewhereError(projection) from None
        with lock:
            yield

    async def is_replayed(self, projection: str) -> bool:
        return is_held(self._folder.replay_lock(projection))

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


async def _taken(path: Path) -> IO[str]:
    try:
        return held(path, "")
    except FolderInUseError:  # perhaps by somebody who only looks
        await asyncio.sleep(_LOOKED_S)
        return held(path, "")


def opened_folder(settings: Settings) -> FolderPlace:
    """Raises CommandError when there is no whole system, or none of this user's."""
    folder = Folder(settings.data)
    if not folder.log.exists():
        raise CommandError(
            f"{settings.data} holds no Photolog log; start `photolog serve`, or name it with --data"
        )
    if not folder.state.exists():
        raise CommandError(
            f"{folder.state} is missing, without which the log cannot be read: bring it back from the backup of the log"
        )
    owner = folder.log.stat().st_uid
    if owner != os.geteuid():
        raise CommandError(
            f"{settings.data} belongs to user {owner}, whose server could not write what another user makes in it: "
            f"be that user, as with `sudo -u '#{owner}' photolog`"
        )
    return FolderPlace(settings)
