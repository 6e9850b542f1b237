"""Whether what was read still holds: for answers that are made of many rows of many views and asked for again and again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Watch(Protocol):
    def is_unchanged(self) -> bool:
        """Whether everything that was read from views while the watch was open would be read the same now.

        False in doubt. True only if nothing that is older than a position waited for is given.
        """


Watching = Callable[[], AbstractContextManager[Watch]]
"""Opens a watch over what this task reads."""


class _InDoubt:
    def is_unchanged(self) -> bool:
        return False


@contextmanager
def unwatched() -> Iterator[Watch]:
    """For stores that tell nobody of their changes: everything is read anew."""
    yield _InDoubt()
