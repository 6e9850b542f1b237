"""First pages of feeds, given again for as long as nothing in them has changed: most readings of a feed find it as it was.

What a page is made of is not known here; a watch over what was read for it tells whether it still holds.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from api.calls import Answer, Call
from api.conditional import tag_of
from events.ids import Clock
from stores.ports.views import Views
from stores.ports.watch import Watch, Watching

KEPT_COUNT = 500
"""Readers; a page of the usual length takes about 30 KiB."""
KEPT_MS = 60_000
"""Well below the time for which cursors and signed URLs work."""


@dataclass(frozen=True, slots=True)
class _Page:
    views: Views
    limit: int
    until_ms: int
    watch: Watch
    answer: Answer

    def holds(self, views: Views, limit: int, now_ms: int) -> bool:
        is_it = self.views is views and self.limit == limit and now_ms < self.until_ms
        return is_it and self.watch.is_unchanged()


class FirstPages:
    """Each reader's last one. Used by one thread."""

    def __init__(self, watching: Watching, clock: Clock) -> None:
        self._watching = watching
        self._clock = clock
        self._kept: dict[int, _Page] = {}

    async def get(self, views: Views, call: Call, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer that `make` would give."""
        if call.after is not None or call.parameters:
            return await make()
        now_ms = self._clock()
        kept = self._kept.get(call.me)
        if kept is not None and kept.holds(views, call.limit, now_ms):
            return kept.answer
        with self._watching() as watch:
            answer = await make()
        if watch.is_unchanged():
            answer = replace(answer, etag=tag_of(answer.body)) if isinstance(answer.body, bytes) else answer
            self._keep(call.me, _Page(views, call.limit, now_ms + KEPT_MS, watch, answer))
        return answer

    def _keep(self, reader_id: int, page: _Page) -> None:
        self._kept.pop(reader_id, None)
        self._kept[reader_id] = page
        if len(self._kept) > KEPT_COUNT:
            del self._kept[next(iter(self._kept))]
