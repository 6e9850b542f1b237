"""What the operators' page shows, whoever found it out. Counts are of events and times are milliseconds since 1970 in UTC, unless
a name says otherwise. None is what could not be found out.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from events.operations import Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a generation stands. What nobody feeds or builds is not looked at: it has no counts."""

    projection: str
    generation: int
    version: int
    state: str
    is_rebuild_due: bool
    applied_count: int | None
    behind_count: int | None
    parked_keys_count: int | None


@dataclass(frozen=True, slots=True)
class Built:
    """A generation that is building, or ready and not switched to. The log goes on: what is applied and what is behind are all of
    it now. `is_replayed`: some command is at it.
    """

    projection: str
    generation: int
    state: str
    is_replayed: bool | None
    applied_count: int | None
    behind_count: int | None
    events_per_s: float | None
    left_s: float | None
    """None: not known, or never at this rate."""


@dataclass(frozen=True, slots=True)
class Look:
    """How far a live view was behind, `ago_s` before now."""

    ago_s: float
    behind_count: int


@dataclass(frozen=True, slots=True)
class Parked:
    projection: str
    generation: int
    topic: str
    partition: int
    offset: int
    key: str
    reason: str
    retry: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """What came out of verifying a generation. `seal` is the SHA-256 of the findings, `file` the name of the certificate; None
    where only the log tells of it.
    """

    at_ms: int
    projection: str
    generation: int
    verdict: Verdict | Literal["unknown", "changed", "unlisted", "unreadable"]
    """`unknown`: nothing differed, and whether anything else was wrong was not noted. `changed`: the certificate was, after it was
    made. `unlisted`: the log knows nothing of its seal. `unreadable`: the file is no certificate, or not any more.
    """
    differences_count: int
    seal: str
    file: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """What an operator did, as `photolog.operations` tells it."""

    at_ms: int
    projection: str
    generation: int
    what: str
    by: str | None


@dataclass(frozen=True, slots=True)
class OpsState:
    """`lag` has the looks of every projection, the oldest first, not more than `apart_s` seconds apart unless nothing could be seen
    in between; this process has been looking since `since_ms`. `parked` and what follows it are the first and the newest of them;
    `parked_count` counts all.
    """

    at_ms: int
    since_ms: int
    apart_s: float
    standings: Sequence[Standing] | None
    builds: Sequence[Built] | None
    lag: Mapping[str, Sequence[Look]]
    parked: Sequence[Parked] | None
    parked_count: int
    verified: Sequence[Verified] | None
    done: Sequence[Done] | None


LookUp = Callable[[], Awaitable[OpsState]]
"""Returns within seconds, whatever is away, and raises nothing because of it."""
