"""Every subject there is, by projection. The only module of `replay.subjects` that knows every slice."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from events.posts import PostCreated, PostDeleted
from projectors.catalogue import BY_NAME
from projectors.projection import Projection
from replay.subjects.accounts import AccountsSubject
from replay.subjects.comments import CommentsSubject
from replay.subjects.feeds import FeedsSubject, Skeleton
from replay.subjects.graph import GraphSubject
from replay.subjects.likes import LikesSubject
from replay.subjects.media import MediaSubject
from replay.subjects.names import NamesSubject
from replay.subjects.saves import SavesSubject
from replay.subjects.search import SearchSubject
from replay.subjects.subject import Entity, Subject
from replay.subjects.timelines import TimelinesSubject


@dataclass(frozen=True, slots=True)
class Judged:
    """A projection, what the oracle has to hear about it, and how a telling begins. `only`: of nothing else is told."""

    projection: Projection[Any]
    events: tuple[type[Envelope], ...]
    begin: Callable[[], Subject]
    only: Collection[Entity] | None = None


_SUBJECTS: Mapping[str, Callable[[], Subject]] = {
    "names": NamesSubject,
    "accounts": AccountsSubject,
    "graph": GraphSubject,
    "timelines": TimelinesSubject,
    "media": MediaSubject,
    "likes": LikesSubject,
    "comments": CommentsSubject,
    "saves": SavesSubject,
    "search": SearchSubject,
}
_FEEDS_EVENTS = (Followed, Unfollowed, PostCreated, PostDeleted)
"""A deleted post may be an entry of a feed. Who was seen when changes how a feed is kept, not what it shows."""


def judged(projection: str, skeleton: Skeleton) -> Judged:
    """`skeleton` is what serves feeds."""
    found = BY_NAME[projection]
    if projection == "feeds":
        return Judged(found, _FEEDS_EVENTS, partial(FeedsSubject, skeleton))
    return Judged(found, found.events, _SUBJECTS[projection])
