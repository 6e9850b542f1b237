"""Which generations of which projections exist, and which one is live. Not in the log, so to be backed up.

A switch is one compare-and-set here; readers resolve the live generation once per request. What an operator does is noted in the
same write, as the event that is its record, and stays noted until somebody has appended that: so no crash between the two loses it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Protocol, get_args

import orjson

from events.codec import Record

State = Literal["building", "ready", "live", "replaced", "retired", "broken"]
"""`building`: a replay writes it. `ready`: complete once, never live so far, and fed by the projectors beside the live one.
`replaced`: was live, and is still fed, to go back to. `retired`: fed no more. `broken`: it failed while it was not live, and is
fed no more.
"""

FED: frozenset[State] = frozenset({"live", "ready", "replaced"})
"""States in which the projectors feed a generation, if they have the version of its fold."""


def marked_from(state: State) -> Sequence[State]:
    """States of generations that may be marked as this. Complete is only what was being built: not what was given up meanwhile."""
    return ("building",) if state == "ready" else [known for known in get_args(State) if known != "live"]


@dataclass(frozen=True, slots=True)
class Generation:
    """`number` counts up per projection and is never used again; `version` is that of the projection's fold."""

    projection: str
    number: int
    version: int
    state: State


@dataclass(frozen=True, slots=True)
class Note:
    """The record of what was done to a generation, not yet known to be on the log."""

    projection: str
    number: int
    record: Record


class NotReadyError(Exception):
    """The generation to switch to is not one that is fed beside the live one."""


class Registry(Protocol):
    """`note` is always written together with what it tells, or not at all."""

    async def generations(self) -> Sequence[Generation]:
        """All generations that were not dropped, by projection and number."""

    async def begin(self, projection: str, version: int) -> Generation:
        """Register a new generation as building; the first one of a projection is live at once."""

    async def switch(self, projection: str, from_number: int, to_number: int, note: Record) -> bool:
        """Make `to_number` live and `from_number` replaced, if `from_number` is live now; else change nothing.

        Both go on being fed. False when another switch came first;
        raises NotReadyError when `to_number` is neither ready nor replaced.
        """

    async def mark(self, projection: str, number: int, state: State, note: Record | None = None) -> bool:
        """Set the state of a generation; False, and nothing is changed, when it is dropped or has no state of `marked_from`."""

    async def drop(self, projection: str, number: int, note: Record) -> bool:
        """Forget a generation that nobody feeds or builds; False, and nothing is changed, unless it is retired or broken."""

    async def note(self, projection: str, number: int, note: Record) -> None:
        """Note what was done elsewhere to this generation."""

    async def notes(self) -> Sequence[Note]:
        """Everything that is noted, also of generations that were dropped, by the record's id."""

    async def forget(self, note: Note) -> None:
        """The record is on the log."""


def as_text(record: Record) -> str:
    """A record as adapters keep it."""
    return orjson.dumps(asdict(record) | {"value": record.value.decode()}).decode()


def from_text(text: str) -> Record:
    fields = orjson.loads(text)
    return Record(**(fields | {"value": fields["value"].encode()}))
