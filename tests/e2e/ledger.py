"""What clients remember of their writes while the server is killed under them: what was acknowledged, and what may have happened.

A write whose answer never came is unknown. One with an idempotency key is sent again with the same key until it is acknowledged;
of the others it is only known that they are on the log at most once, in their place. One that was refused is not remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Thing = tuple[str, ...]
"""What is written to: a like, a save or a follow, by whom and of what; a post or a comment; whose profile."""
Value = bool | str | None
"""Whether it is joined, or its new text; None: it is gone."""
MADE: Value = True
"""Of what was not there before."""


@dataclass(frozen=True)
class Attempt:
    value: Value
    is_acknowledged: bool


@dataclass
class Keyed:
    """A POST with an idempotency key, and the id of what it made once that was acknowledged.

    `on` has to be there for it; `carried` is the position that it is sent with.
    """

    key: str
    token: str | None
    path: str
    body: dict[str, Any]
    on: Sequence[Thing] = ()
    carried: str = ""
    asked_count: int = 0
    made_id: str | None = None

    @property
    def thing(self) -> Thing:
        assert self.made_id is not None
        return self.path.rsplit("/", 1)[-1], self.made_id


@dataclass(frozen=True)
class Acknowledgement:
    """What a client wrote, the position that it was sent with, and the one that came back. Whoever asked more than once may be told
    of more than was written.
    """

    client: str
    thing: Thing
    value: Value
    carried: str
    stated: str
    is_exact: bool


@dataclass
class Ledger:
    attempts: dict[Thing, list[Attempt]] = field(default_factory=dict)
    keyed: list[Keyed] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    """In the order in which they came."""
    parked: set[Thing] = field(default_factory=set)
    """What waits behind something that cannot be read: views do not show it, or what belongs to it."""

    def acknowledged(self) -> list[Keyed]:
        return [post for post in self.keyed if post.made_id is not None]

    def count(self) -> int:
        return len(self.acknowledgements)

    def may_be_missed(self, thing: Thing) -> bool:
        """Somebody has asked for its deletion, or it waits."""
        is_gone = any(attempt.value is None for attempt in self.attempts.get(thing, ()))
        return is_gone or thing in self.parked


def explained(told: Sequence[Value], attempts: Sequence[Attempt]) -> bool:
    """Whether these events, in their order, are what came of the attempts: every acknowledged one once, each other at most once."""
    reached = {0}
    for attempt in attempts:
        further = {n + 1 for n in reached if n < len(told) and told[n] == attempt.value}
        reached = further if attempt.is_acknowledged else reached | further
    return len(told) in reached
