"""Views of things of which many readers ask for the same few: their rows are served from elsewhere, and read from here where they
are not known there, or nobody answers there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import orjson
import structlog

from events.ids import system_clock
from stores.cassandra.folded_rows import FoldedRowsView
from stores.cassandra.questions import of_keys
from stores.cassandra.session import Cassandra, Row
from stores.cassandra.view import value_stamp
from stores.ports.crash import Crash, survive
from stores.ports.errors import UnavailableError
from stores.ports.rows import ServedRow, ServedRows
from stores.ports.view import Folded

C = TypeVar("C")
S = TypeVar("S")
T = TypeVar("T")
_PATIENCE_S = 0.25
_PAUSE_S = 1.0
_logger = structlog.get_logger(__name__)


class ServedRowsView(FoldedRowsView[C, int, S], Generic[C, S]):
    def __init__(
        self,
        cassandra: Cassandra,
        generation: int,
        served: ServedRows,
        crash: Crash = survive,
    ) -> None:
        super().__init__(cassandra, generation, crash)
        self._served = served
        self._paused_until_s = 0.0

    async def _known(self, events: Sequence[Folded[C]]) -> Any:
        read_at_ms = system_clock()
        return read_at_ms, await super()._known(events)

    async def _write(self, events: Sequence[Folded[C]], known: Any) -> None:
        """The facts first: whoever reads them meanwhile has an older stamp, and does not serve them for long."""
        read_at_ms, stands = known
        await super()._write(events, stands)
        said = ((key, stand.offset, stand.said) for key, stand in stands.items())
        rows = [
            _served((key, offset, *self._columns(what))) for key, offset, what in said if what is not None
        ]
        await self._served.put(rows, read_at_ms)

    async def _said(self, keys: Collection[int]) -> dict[int, S]:
        served = await self._unless_away(partial(self._served.get, keys)) or {}
        missing = [key for key in keys if key not in served]
        contents = {**served, **await self._contents(missing)} if missing else served
        return {
            key: self._made(key, contents[key], partial(_row, contents[key]))
            for key in keys
            if key in contents
        }

    async def _contents(self, keys: Collection[int]) -> Mapping[int, bytes]:
        """Read from here, and served from now on."""
        read_at_ms = system_clock()
        rows = list(map(_served, await of_keys(self._rows, self.READ, keys)))
        await self._unless_away(partial(self._served.fill, rows, read_at_ms))
        return {row.key: row.content for row in rows}

    async def _unless_away(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """None from who is away or slow, and is then not asked for a while."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._paused_until_s:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await ask()
        except (UnavailableError, TimeoutError) as error:
            self._paused_until_s = loop.time() + _PAUSE_S
            _logger.warning("rows are read where they are kept", view=self._view, error=str(error))
            return None


def _served(row: Row) -> ServedRow:
    key, offset, *_ = row
    return ServedRow(key, value_stamp(offset), orjson.dumps(row))


def _row(content: bytes) -> Row:
    return tuple(orjson.loads(content))
