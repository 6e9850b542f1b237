"""The graph projection."""

from typing import assert_never

from events.graph import Followed, Unfollowed
from projectors.projection import Projection
from stores.ports.graph import FollowSet, GraphChange


def project(event: Followed | Unfollowed) -> list[GraphChange]:
    match event:
        case Followed():
            return [FollowSet(event.follower_id, event.followed_id, following=True, at_id=event.id)]
        case Unfollowed():
            return [FollowSet(event.follower_id, event.followed_id, following=False, at_id=event.id)]
        case _:
            assert_never(event)


GRAPH = Projection("graph", version=1, events=(Followed, Unfollowed), project=project)
