"""Who must follow whom, told from the plain list of events.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one follower.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from tests.oracle.pairs import joined, latest_first


@dataclass(frozen=True)
class Graph:
    """By user, the latest first; users without any are absent."""

    following: dict[int, list[int]]
    followers: dict[int, list[int]]


def graph(events: Sequence[Envelope]) -> Graph:
    acts = [e for e in events if isinstance(e, Followed | Unfollowed)]
    out = joined(((e.follower_id, e.followed_id), isinstance(e, Followed), e.id) for e in acts)
    back = {(followed, follower): id_ for (follower, followed), id_ in out.items()}
    return Graph(
        {user: latest_first(out, user) for user in {user for user, _ in out}},
        {user: latest_first(back, user) for user in {user for user, _ in back}},
    )
