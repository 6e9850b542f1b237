"""Rows that a reader keeps in memory until the writer of the same view changes them.

Reader and writer are two threads. The writer forgets after its commit; what a reader loaded before that is handed out but not
kept. So nobody who waited for a position is given an older row.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """At most `limit` rows, the longest kept going first. What `load` does not find is asked for again each time."""

    def __init__(self, load: Callable[[list[K]], Mapping[K, V]], limit: int) -> None:
        self._load = load
        self._limit = limit
        self._rows: dict[K, V] = {}
        self._changes_count = 0
        self._lock = threading.Lock()

    def get(self, keys: Collection[K]) -> dict[K, V]:
        """The rows that exist, in the order of the keys."""
        rows = self._rows
        # Each is asked for once: the writer may forget it meanwhile.
        known = {key: rows.get(key) for key in keys}
        missing = [key for key, row in known.items() if row is None]
        if missing:
            seen = self._changes_count
            loaded = self._load(missing)
            known.update(loaded)
            with self._lock:
                if self._changes_count == seen:
                    self._keep(loaded)
            return {key: row for key, row in known.items() if row is not None}
        return cast(dict[K, V], known)

    def forget(self, keys: Iterable[K]) -> None:
        with self._lock:
            self._changes_count += 1
            for key in keys:
                self._rows.pop(key, None)

    def _keep(self, loaded: Mapping[K, V]) -> None:
        self._rows.update(loaded)
        while len(self._rows) > self._limit:
            del self._rows[next(iter(self._rows))]
