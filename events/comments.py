"""Comments. The writer of the comment is `commenter_id`; who deletes one may also be the post's author."""

from typing import ClassVar

from events.engagement import EngagementEvent
from events.ids import Id


class CommentEvent(EngagementEvent):
    comment_id: Id
    commenter_id: Id

    @property
    def subject_id(self) -> int:
        return self.commenter_id


class CommentAdded(CommentEvent):
    type: ClassVar[str] = "comment.added"
    personal: ClassVar[tuple[str, ...]] = ("text",)

    text: str = ""


class CommentEdited(CommentEvent):
    type: ClassVar[str] = "comment.edited"
    personal: ClassVar[tuple[str, ...]] = ("text",)

    text: str = ""


class CommentDeleted(CommentEvent):
    """Final: no later event brings the comment back."""

    type: ClassVar[str] = "comment.deleted"
