"""Likes."""

from typing import ClassVar

from events.engagement import EngagementEvent


class PostLiked(EngagementEvent):
    type: ClassVar[str] = "post.liked"


class PostUnliked(EngagementEvent):
    type: ClassVar[str] = "post.unliked"
