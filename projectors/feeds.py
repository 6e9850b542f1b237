"""The feeds projection. Deleted posts are not its business: what is in a feed is a candidate."""

from typing import assert_never

from events.accounts import AccountRegistered, AccountSeen
from events.graph import Followed, Unfollowed
from events.posts import PostCreated
from projectors.projection import Projection
from stores.ports.feeds import FeedPost, FeedsChange, ReaderSeen
from stores.ports.graph import FollowSet

FeedsEvent = Followed | Unfollowed | PostCreated | AccountRegistered | AccountSeen


def project(event: FeedsEvent) -> list[FeedsChange]:
    match event:
        case Followed():
            return [FollowSet(event.follower_id, event.followed_id, following=True, at_id=event.id)]
        case Unfollowed():
            return [FollowSet(event.follower_id, event.followed_id, following=False, at_id=event.id)]
        case PostCreated():
            return [FeedPost(event.post_id, event.author_id)]
        case AccountRegistered() | AccountSeen():
            return [ReaderSeen(event.user_id, event.occurred_at_ms)]
        case _:
            assert_never(event)


FEEDS = Projection(
    "feeds",
    version=1,
    events=(Followed, Unfollowed, PostCreated, AccountRegistered, AccountSeen),
    project=project,
)
