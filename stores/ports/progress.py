"""How far the live views have come; lets a request wait for what its client has already seen."""

from collections.abc import Collection
from typing import Protocol

from stores.ports.log import Positions


class Progress(Protocol):
    async def reached(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
        """Wait until the live view of each projection is at or beyond the positions of the topics it reads.

        False when that did not happen in time.
        """
