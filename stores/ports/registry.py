"""Which generations of which projections exist, and which one is live. Not in the log, so to be backed up.

A switch is one compare-and-set here; readers resolve the live generation once per request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["building", "ready", "live", "retired", "broken"]
"""`building`: a replay writes it. `ready`: complete once, and fed by the projectors beside the live one. `broken`: it failed
while it was not live, and is fed no more.
"""


@dataclass(frozen=True, slots=True)
class Generation:
    """`number` counts up per projection and is never used again; `version` is that of the projection's fold."""

    projection: str
    number: int
    version: int
    state: State


class NotReadyError(Exception):
    """The generation to switch to is not one that is fed beside the live one."""


class Registry(Protocol):
    async def generations(self) -> Sequence[Generation]:
        """All generations that were not dropped, by projection and number."""

    async def begin(self, projection: str, version: int) -> Generation:
        """Register a new generation as building; the first one of a projection is live at once."""

    async def switch(self, projection: str, from_number: int, to_number: int) -> bool:
        """Make `to_number` live and `from_number` ready, if `from_number` is live now; else change nothing.

        Both go on being fed. False when another switch came first;
        raises NotReadyError when `to_number` is not ready.
        """

    async def mark(self, projection: str, number: int, state: State) -> None:
        """Set the state of a generation that is not live."""
