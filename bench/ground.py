"""A running system in which replays are measured: how it is reached, who reads it, and what its stores could do at most."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from api.tokens import AccessTokens
from bench.past import Past
from bench.servers import bearer, request
from runtime.beside import Beside

NAMES = ("likes", "feeds", "timelines", "search")
"""Projections that are replayed."""
ERASED = ("feeds", "search")
"""Those of them that are brought back together, after what they are kept in was lost."""
READERS_COUNT = 200
_READ_POSTS_COUNT = 1_000


@dataclass(frozen=True, slots=True)
class Bare:
    """What the store's driver alone writes in a second, and how many such writes an event of a projection comes to."""

    per_second: float
    is_what: str
    unit: str
    writes_per_event: float


@dataclass(frozen=True, slots=True)
class Limit:
    """How many events a second the store takes at most; `bare` where that is said by more than its driver."""

    per_second: float
    is_what: str
    bare: Bare | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """`settings` are those of its processes; commands run in `folder`."""

    settings: Mapping[str, str]
    folder: Path
    beside: Callable[[], AbstractAsyncContextManager[Beside]]
    fed: Sequence[str]
    """Projections that somebody feeds."""
    port: int
    reads: Callable[[], list[str]]
    """Requests of now: a build may take longer than a token is good for."""
    limit: Callable[[str], Limit]
    """Of a projection, measured now."""
    aims: Mapping[str, str]
    """By projection."""
    erase: Callable[[], None] | None = None
    """Empties the store of `ERASED`, where they have one of their own."""


def reads(tokens: AccessTokens, past: Past) -> list[str]:
    """Requests for home feeds and for posts in turn, by those who were signed in."""
    issued = [tokens.issue(person, person) for person in past.people[:READERS_COUNT]]
    posts = past.readable()
    chosen = random.Random(5).sample(posts, min(_READ_POSTS_COUNT, len(posts)))
    return [
        request("GET", target, bearer(issued[number % len(issued)]))
        for number, (post_id, _) in enumerate(chosen)
        for target in ("/v1/feed", f"/v1/posts/{post_id}")
    ]
