"""Pages of lists that are divided among shards. Knows the order of members, which is that of their bytes, and not what they mean.

Each shard goes down (or up) its part of the list and may stop before its end. What it has not come to may belong before what
others have found, so a page ends where the first of those that stopped did.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class Walked:
    """What a shard found, and the last member that it looked at; None when its list ends."""

    found: Sequence[bytes]
    last: bytes | None


@dataclass(frozen=True, slots=True)
class Merged:
    """`next` is the member behind which the next page begins; None when the list ends."""

    members: Sequence[bytes]
    next: bytes | None


def falling(walks: Sequence[Walked], limit: int) -> Merged:
    """The greatest member first."""
    end = max(_ends(walks), default=None)
    members = sorted(_found(walks), reverse=True)
    return _page(members if end is None else [member for member in members if member >= end], end, limit)


def rising(walks: Sequence[Walked], limit: int) -> Merged:
    """The least member first."""
    end = min(_ends(walks), default=None)
    members = sorted(_found(walks))
    return _page(members if end is None else [member for member in members if member <= end], end, limit)


def _ends(walks: Iterable[Walked]) -> list[bytes]:
    return [walked.last for walked in walks if walked.last is not None]


def _found(walks: Iterable[Walked]) -> Iterable[bytes]:
    return chain.from_iterable(walked.found for walked in walks)


def _page(members: Sequence[bytes], end: bytes | None, limit: int) -> Merged:
    return Merged(members[:limit], members[limit - 1] if len(members) > limit else end)
