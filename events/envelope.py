"""What every event carries besides its own fields.

An event is a fact in the past tense: frozen, and complete in itself. This module does not know how an event is written to the
log (`codec`), nor which events exist (`catalogue`).
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from events.ids import Id

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone")
    return value.astimezone(UTC)


Utc = Annotated[datetime, AfterValidator(_utc)]


class Part(BaseModel):
    """A value inside an event. What is wrong with one is said without what it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Envelope(Part):
    """Base of all events.

    `type`, `version` and `topic` never change once released. `personal` names the fields that are sealed with the key of
    `subject_id` before they reach the log; each has a default, which is what remains when that key was destroyed.
    `idempotency_key` stands for the client's key without showing it: events of a repeated request have the same.
    """

    type: ClassVar[str]
    version: ClassVar[int] = 1
    topic: ClassVar[str]
    personal: ClassVar[tuple[str, ...]] = ()

    id: Id
    occurred_at: Utc
    actor_id: Id
    correlation_id: Id
    causation_id: Id | None = None
    idempotency_key: str | None = Field(default=None, max_length=255)

    @property
    def key(self) -> str:
        """Events with the same key stay in the order in which they were appended."""
        raise NotImplementedError

    @property
    def subject_id(self) -> int:
        """The user whose key seals the personal fields."""
        return self.actor_id

    @property
    def occurred_at_ms(self) -> int:
        return (self.occurred_at - _EPOCH) // _MILLISECOND


ENVELOPE_FIELDS = frozenset(Envelope.model_fields)
