"""Who follows whom. The key is the follower, so that everything about one pair stays in order."""

from typing import ClassVar

from events.envelope import Envelope
from events.ids import Id
from events.topics import GRAPH


class FollowEvent(Envelope):
    topic: ClassVar[str] = GRAPH

    follower_id: Id
    followed_id: Id

    @property
    def key(self) -> str:
        return str(self.follower_id)


class Followed(FollowEvent):
    type: ClassVar[str] = "user.followed"


class Unfollowed(FollowEvent):
    type: ClassVar[str] = "user.unfollowed"
