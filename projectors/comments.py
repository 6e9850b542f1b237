"""The comments projection."""

from typing import assert_never

from events.comments import CommentAdded, CommentDeleted, CommentEdited
from projectors.projection import Projection
from stores.ports.comments import CommentGone, CommentPut, CommentsChange, CommentTextSet


def project(event: CommentAdded | CommentEdited | CommentDeleted) -> list[CommentsChange]:
    comment_id, post_id = event.comment_id, event.post_id
    match event:
        case CommentAdded():
            return [CommentPut(comment_id, post_id, event.commenter_id, event.text, event.occurred_at_ms)]
        case CommentEdited():
            return [CommentTextSet(comment_id, post_id, event.text, event.occurred_at_ms)]
        case CommentDeleted():
            return [CommentGone(comment_id, post_id)]
        case _:
            assert_never(event)


COMMENTS = Projection(
    "comments", version=1, events=(CommentAdded, CommentEdited, CommentDeleted), project=project
)
