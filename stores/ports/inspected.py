"""How a view is looked through by somebody who judges it against the log: what it has rows of, whether or not the log knows it, and
what its store finds broken in itself. Nobody who serves needs this.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

Held = tuple[str, int | str, int | str | None]
"""Kind and key of something that has rows, such as a post or a term; and the member that a row makes of it, where somebody has to
name the member to be told of it.
"""


class Inspected(Protocol):
    def held(self) -> AsyncIterator[Sequence[Held]]:
        """Everything that has rows, in parts, in no order; repeats, and what has none any more, may be among it."""

    def answering(self) -> AbstractContextManager[None]:
        """Reads of the view inside it fail with StoreError, whatever the reason."""

    async def damage(self) -> Sequence[str]:
        """What the store finds broken in its own structure, a line each, without anything that people wrote."""


class Counted(Protocol):
    """Of views that serve counts from elsewhere than where they keep them."""

    async def counted(self, post_ids: Collection[int]) -> Mapping[int, int]:
        """The counts that are kept with the facts; posts without any may be absent."""
