"""Notes that people were here, for the feeds: who was not seen for long has none kept up.

At most one event a day and user, appended beside the request that showed it: that request neither waits for it nor fails
with it.
"""

import asyncio
from collections.abc import Callable

import structlog

from events.ids import Clock, Ids
from producers.accounts import note_seen
from producers.command import Command
from producers.journal import Journal
from stores.ports.accounts import AccountsReader
from stores.ports.errors import StoreError

SEEN_EVERY_MS = 24 * 3600 * 1000
RETRY_MS = 60 * 1000
REMEMBERED_COUNT = 100_000
_log = structlog.get_logger(__name__)


class Seen:
    """Used in one event loop; needs `close`, which waits for what is being appended."""

    def __init__(self, log: Journal, accounts: Callable[[], AccountsReader], ids: Ids, clock: Clock) -> None:
        self._journal = log
        self._accounts = accounts
        self._ids = ids
        self._clock = clock
        self._quiet_until_ms: dict[int, int] = {}
        self._running: set[asyncio.Task[None]] = set()

    def here(self, user_id: int) -> None:
        """The user makes a request now."""
        now_ms = self._clock()
        if self._quiet_until_ms.get(user_id, 0) > now_ms:
            return
        self._be_quiet(user_id, now_ms + RETRY_MS)
        task = asyncio.create_task(self._note(user_id, now_ms))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        await asyncio.gather(*self._running)

    async def _note(self, user_id: int, now_ms: int) -> None:
        try:
            account = (await self._accounts().accounts((user_id,))).get(user_id)
            if account is None:
                return
            if account.seen_at_ms + SEEN_EVERY_MS > now_ms:
                self._be_quiet(user_id, account.seen_at_ms + SEEN_EVERY_MS)
                return
            await note_seen(self._journal, Command(user_id, now_ms, self._ids.next(), self._ids))
        except StoreError as error:
            _log.warning("a visit was not noted", error=str(error))
            return
        self._be_quiet(user_id, now_ms + SEEN_EVERY_MS)

    def _be_quiet(self, user_id: int, until_ms: int) -> None:
        self._quiet_until_ms[user_id] = until_ms
        if len(self._quiet_until_ms) > REMEMBERED_COUNT:
            del self._quiet_until_ms[next(iter(self._quiet_until_ms))]
