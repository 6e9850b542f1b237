"""Who asks for something, when, and under which ids what follows is recorded."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from events.ids import Ids


@dataclass(frozen=True, slots=True)
class Command:
    """One request by one user. `correlation_id` is shared by all that follows from it; `at_ms` is since 1970 UTC."""

    actor_id: int
    at_ms: int
    correlation_id: int
    ids: Ids
    idempotency_key: str | None = None
    causation_id: int | None = None

    def stamp(self) -> dict[str, Any]:
        """The envelope of one more event."""
        return {
            "id": self.ids.next(),
            "occurred_at": datetime.fromtimestamp(self.at_ms / 1000, UTC),
            "actor_id": self.actor_id,
            "correlation_id": self.correlation_id,
            "causation_id": self.causation_id,
            "idempotency_key": self.idempotency_key,
        }
