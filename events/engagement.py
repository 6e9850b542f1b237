"""What likes, comments and saves have in common: they are kept in order per post."""

from typing import ClassVar

from events.envelope import Envelope
from events.ids import Id
from events.topics import ENGAGEMENT


class EngagementEvent(Envelope):
    """`actor_id` did something with the post; `author_id` is the post's author."""

    topic: ClassVar[str] = ENGAGEMENT

    post_id: Id
    author_id: Id

    @property
    def key(self) -> str:
        return str(self.post_id)
