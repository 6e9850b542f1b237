"""Saves: a user's private bookmarks."""

from typing import ClassVar

from events.engagement import EngagementEvent


class PostSaved(EngagementEvent):
    type: ClassVar[str] = "post.saved"


class PostUnsaved(EngagementEvent):
    type: ClassVar[str] = "post.unsaved"
