"""Who must follow whom, told from the plain list of events.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one follower.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from replay.oracle.pairs import joined, latest_first


@dataclass(frozen=True)
class Graph:
    """By user, the latest first; users without any are absent."""

    following: dict[int, list[int]]
    followers: dict[int, list[int]]


def graph(events: Sequence[Envelope]) -> Graph:
    out = follows(events)
    back = {(followed, follower): id_ for (follower, followed), id_ in out.items()}
    return Graph(latest_first(out), latest_first(back))


def follows(events: Sequence[Envelope]) -> dict[tuple[int, int], int]:
    """(follower, followed) with the id of the event since which it holds."""
    acts = [e for e in events if isinstance(e, Followed | Unfollowed)]
    return joined(((e.follower_id, e.followed_id), isinstance(e, Followed), e.id) for e in acts)
