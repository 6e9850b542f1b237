"""Whether anything has changed of what somebody has read: how an answer that was made of many rows can be given again.

While a watch is open, everything that is asked of remembered rows is noted in it by itself, and a view's other reads spoil it: a
read that nobody thought of makes an answer be made again, never be kept for too long. A watch is closed by who opened it, and asked
later; the writer's thread only ever adds to what has changed.
"""

import threading
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any, Generic, TypeVar

K = TypeVar("K")

_RECENT_COUNT = 64
"""Changes whose keys are still known. Who asks less often finds everything changed."""


class Watchable(Generic[K]):
    """Something that is changed under a lock, with the keys of its latest changes. Counted before rows are read, and after they
    are written, a change is never missed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes_count = 0
        self._latest: deque[Collection[K]] = deque(maxlen=_RECENT_COUNT)

    @property
    def changes_count(self) -> int:
        return self._changes_count

    def changed_since(self, count: int, keys: frozenset[K]) -> bool:
        if self._changes_count == count:
            return False
        with self._lock:
            fresh_count = self._changes_count - count
            if fresh_count > len(self._latest):
                return True
            return not all(keys.isdisjoint(gone) for gone in islice(reversed(self._latest), fresh_count))

    def _changed(self, keys: Collection[K] | None) -> None:
        """Called with the lock held. None: nobody knows which keys."""
        self._changes_count += 1
        if keys is None:
            self._latest.clear()
        else:
            self._latest.append(keys)


class Watch:
    """What was read while it was open. Used by one thread."""

    def __init__(self) -> None:
        self._noted: list[tuple[Watchable[Any], int, frozenset[Any]]] = []
        self._is_whole = True

    def note(self, source: Watchable[K], keys: Collection[K]) -> None:
        self._noted.append((source, source.changes_count, frozenset(keys)))

    def miss(self) -> None:
        self._is_whole = False

    def is_unchanged(self) -> bool:
        """Whether everything that was read would still be the same."""
        if not self._is_whole:
            return False
        for number, (source, count, keys) in enumerate(self._noted):
            now = source.changes_count
            if now != count:
                if source.changed_since(count, keys):
                    return False
                self._noted[number] = source, now, keys
        return True


_open: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching() -> Iterator[Watch]:
    watch = Watch()
    token = _open.set(watch)
    try:
        yield watch
    finally:
        _open.reset(token)


@contextmanager
def unwatched() -> Iterator[None]:
    """For loading what has been noted already."""
    token = _open.set(None)
    try:
        yield
    finally:
        _open.reset(token)


def noted(source: Watchable[K], keys: Collection[K]) -> None:
    """Called before the rows are read."""
    watch = _open.get()
    if watch is not None:
        watch.note(source, keys)


def missed() -> None:
    """Something is read that nobody tells about when it changes."""
    watch = _open.get()
    if watch is not None:
        watch.miss()
