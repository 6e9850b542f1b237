"""How far reactors have come. Not in the log; when it is lost they begin anew, and find that most of their work is done."""

from typing import Protocol

from stores.ports.log import Partition, Positions


class ReactorPositions(Protocol):
    async def get(self, reactor: str) -> Positions:
        """Per partition the offset of the last event that was dealt with; others are absent."""

    async def advance(self, reactor: str, partition: Partition, offset: int) -> None:
        """Everything up to this offset was dealt with; durable before this returns. A position never moves back."""
