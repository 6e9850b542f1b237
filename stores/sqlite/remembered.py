"""Rows, and pairs of ids, that a reader keeps in memory until the writer of the same view changes them.

Reader and writer are two threads. The writer forgets after its commit; what a reader loaded before that is handed out but not
kept. So nobody who waited for a position is given an older row. What was asked for is noted in `watching.Watch`, if one is open.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import compress
from typing import Generic, TypeVar

from stores.sqlite.watching import Watchable, noted, unwatched

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Watchable[K], Generic[K, V]):
    """At most `limit` rows, the longest kept going first. What `load` does not find is asked for again each time."""

    def __init__(self, load: Callable[[list[K]], Mapping[K, V]], limit: int) -> None:
        super().__init__()
        self._load = load
        self._limit = limit
        self._rows: dict[K, V] = {}

    def one(self, key: K) -> V | None:
        return self.get((key,)).get(key)

    def get(self, keys: Collection[K]) -> dict[K, V]:
        """The rows that exist, in the order of the keys."""
        noted(self, keys)
        try:
            return dict(zip(keys, map(self._rows.__getitem__, keys), strict=True))
        except KeyError:
            return self._with_missing(keys)

    def _with_missing(self, keys: Collection[K]) -> dict[K, V]:
        rows = self._rows
        # Each is asked for once: the writer may forget it meanwhile.
        known = {key: rows.get(key) for key in keys}
        missing = [key for key, row in known.items() if row is None]
        seen = self._changes_count
        with unwatched():  # its keys are noted
            loaded = self._load(missing) if missing else {}
        known.update(loaded)
        with self._lock:
            if self._changes_count == seen:
                self._keep(loaded)
        return {key: row for key, row in known.items() if row is not None}

    def forget(self, keys: Iterable[K]) -> None:
        """Nobody looks for the keys while nothing is kept, and readers do not wait while somebody does."""
        with self._lock:
            if not self._rows:
                self._changed(None)
                return
            self._changed(())
        gone = list(keys)
        with self._lock:
            for key in gone:
                self._rows.pop(key, None)
            self._changed(gone)  # afterwards: a watch that was given an old row has counted less

    def forget_all(self) -> None:
        with self._lock:
            self._rows.clear()
            self._changed(None)

    def _keep(self, loaded: Mapping[K, V]) -> None:
        self._rows.update(loaded)
        while len(self._rows) > self._limit:
            del self._rows[next(iter(self._rows))]


class RememberedPairs(Watchable[int]):
    """Which pairs (one, other) are in a set and which are not, about `limit` of them.

    `load` gives those of the others that make a pair with the one. Kept by the one, who is asked about many others at once: a
    viewer. All of whom was kept longest go first.
    """

    def __init__(self, load: Callable[[int, Sequence[int]], Iterable[int]], limit: int) -> None:
        super().__init__()
        self._load = load
        self._limit = limit
        self._known: dict[int, dict[int, bool]] = {}
        self._known_count = 0

    def among(self, one: int, others: Collection[int]) -> Collection[int]:
        """Those of the others that make a pair with the one."""
        noted(self, (one,))
        known = self._known.get(one, _NOTHING)
        try:
            return set(compress(others, map(known.__getitem__, others)))
        except KeyError:
            seen = self._changes_count
            asked = tuple(others)
            with unwatched():  # its keys are noted
                found = frozenset(self._load(one, asked))
            with self._lock:
                if self._changes_count == seen:
                    self._keep(one, {other: other in found for other in asked})
            return found

    def forget(self, pairs: Iterable[tuple[int, int]]) -> None:
        with self._lock:
            if not self._known:
                self._changed(None)
                return
            gone = set()
            for one, other in pairs:
                gone.add(one)
                if self._known.get(one, _NOTHING).pop(other, None) is not None:
                    self._known_count -= 1
            self._changed(gone)

    def forget_all(self) -> None:
        with self._lock:
            self._known.clear()
            self._known_count = 0
            self._changed(None)

    def _keep(self, one: int, loaded: Mapping[int, bool]) -> None:
        known = self._known.setdefault(one, {})
        self._known_count -= len(known)
        known.update(loaded)
        self._known_count += len(known)
        while self._known_count > self._limit:
            self._known_count -= len(self._known.pop(next(iter(self._known))))


_NOTHING: dict[int, bool] = {}
