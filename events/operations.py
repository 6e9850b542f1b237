"""Operations: what operators did to generations and parked events. Nobody folds them; `photolog replay history` tells them.

Operators are no users, and are not named: `by` is what somebody chose to leave behind, a role or a ticket.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainSerializer, WithJsonSchema

from events.envelope import Envelope, Part
from events.ids import MAX_ID
from events.topics import OPERATIONS

OPERATOR_ID = 1
"""Stands where other events name a user. No user has it: ids like this one were made in the first millisecond there was."""

BY_LENGTH = 64

Name = Annotated[str, Field(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=0)]
Number = Annotated[int, Field(ge=1)]
AnyId = Annotated[
    int,
    Field(ge=0, le=MAX_ID),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,19}$"}, mode="serialization"),
]
"""Of whatever was parked: 0 stands for what has no id because it is no event."""
Verdict = Literal["equal", "behind", "incomplete", "faulty", "different"]
"""What a verification came to. `behind`: right as far as it goes, and fed by nobody. `incomplete`: right but for events that are
parked, or that the release which verified cannot read. `faulty`: it cannot be read, or stands where it must not.
"""


class PartitionPosition(Part):
    """A view stood at this offset of a partition; -1 before the first."""

    topic: str
    partition: int
    offset: int


class OperationEvent(Envelope):
    """`generation` is the one that was acted on; `fold_version` is that of the fold that feeds it."""

    topic: ClassVar[str] = OPERATIONS

    projection: Name
    generation: Number
    by: str | None = Field(default=None, max_length=BY_LENGTH)

    @property
    def key(self) -> str:
        return self.projection


class _Switch(OperationEvent):
    fold_version: Number
    from_generation: Number
    from_fold_version: Number
    positions: tuple[PartitionPosition, ...]


class GenerationSwitched(_Switch):
    """Readers were led from one generation to a newer one, which stood at these positions or beyond. `certificate` is the
    SHA-256 of what was verified before.
    """

    type: ClassVar[str] = "generation.switched"

    certificate: str | None = Field(default=None, max_length=64)


class GenerationRolledBack(_Switch):
    """Readers were led back to the generation that had been replaced."""

    type: ClassVar[str] = "generation.rolled_back"


class GenerationVerified(OperationEvent):
    """The generation was compared with what the log says, at these positions. `certificate` is the SHA-256 of the findings,
    `verdict` what they come to; None: not known, of what was verified before there was one.
    """

    type: ClassVar[str] = "generation.verified"
    version: ClassVar[int] = 2

    fold_version: Number
    positions: tuple[PartitionPosition, ...]
    differences_count: Count
    certificate: str = Field(max_length=64)
    verdict: Verdict | None


class GenerationRepaired(OperationEvent):
    """One part of what the generation holds was emptied, to be filled again from the log by those who feed it."""

    type: ClassVar[str] = "generation.repaired"

    fold_version: Number
    part: Count


class GenerationRetired(OperationEvent):
    """The generation is fed no more."""

    type: ClassVar[str] = "generation.retired"

    fold_version: Number


class GenerationDropped(OperationEvent):
    """What the generation held was removed."""

    type: ClassVar[str] = "generation.dropped"

    fold_version: Number


class _Parked(OperationEvent):
    parked_topic: str
    parked_key: str
    event_ids: tuple[AnyId, ...]


class ParkedRetried(_Parked):
    """It was asked for that these parked events be applied again."""

    type: ClassVar[str] = "parked.retried"


class ParkedDiscarded(_Parked):
    """These parked events were given up: the view is left as if they had said nothing."""

    type: ClassVar[str] = "parked.discarded"
