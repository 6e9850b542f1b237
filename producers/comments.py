"""Comments: who sees a post may comment; the writer edits; the writer and the post's author delete."""

from dataclasses import replace

from events.comments import CommentAdded, CommentDeleted, CommentEdited
from producers.command import Command
from producers.errors import ForbiddenError, NotFoundError
from producers.journal import Journal
from producers.visibility import existing_post, visible_post
from producers.written import Written
from stores.ports.comments import Comment
from stores.ports.log import Positions
from stores.ports.timelines import Post
from stores.ports.views import Views


async def add_comment(
    log: Journal, views: Views, me: Command, post_id: int, comment_id: int, text: str
) -> Written[Comment]:
    """Repeating it with the same `comment_id` adds no second comment, and appends nothing once the first one is seen."""
    post = await visible_post(views, me.actor_id, post_id)
    if (known := await views.comments.get(post_id, comment_id)) is not None:
        return Written(known, {})
    comment = Comment(comment_id, post_id, me.actor_id, text, me.at_ms, None)
    added = CommentAdded(
        **me.stamp(),
        post_id=post_id,
        author_id=post.author_id,
        comment_id=comment_id,
        commenter_id=me.actor_id,
        text=text,
    )
    return Written(comment, await log.append(added))


async def edit_comment(
    log: Journal, views: Views, me: Command, post_id: int, comment_id: int, text: str | None
) -> Written[Comment]:
    """None: as it is."""
    post = await visible_post(views, me.actor_id, post_id)
    comment = await _existing_comment(views, post_id, comment_id)
    if comment.commenter_id != me.actor_id:
        raise ForbiddenError
    if text is None:
        return Written(comment, {})
    edited = CommentEdited(
        **me.stamp(),
        post_id=post_id,
        author_id=post.author_id,
        comment_id=comment_id,
        commenter_id=comment.commenter_id,
        text=text,
    )
    return Written(replace(comment, text=text, edited_at_ms=me.at_ms), await log.append(edited))


async def delete_comment(log: Journal, views: Views, me: Command, post_id: int, comment_id: int) -> Positions:
    """Its writer may do so too when they can no longer see the post."""
    post = await existing_post(views, post_id)
    comment = await _deletable_comment(views, me.actor_id, post, comment_id)
    deleted = CommentDeleted(
        **me.stamp(),
        post_id=post_id,
        author_id=post.author_id,
        comment_id=comment_id,
        commenter_id=comment.commenter_id,
    )
    return await log.append(deleted)


async def _deletable_comment(views: Views, user_id: int, post: Post, comment_id: int) -> Comment:
    comment = await views.comments.get(post.post_id, comment_id)
    if comment is not None and user_id in (comment.commenter_id, post.author_id):
        return comment
    await visible_post(views, user_id, post.post_id)
    raise NotFoundError if comment is None else ForbiddenError


async def _existing_comment(views: Views, post_id: int, comment_id: int) -> Comment:
    comment = await views.comments.get(post_id, comment_id)
    if comment is None:
        raise NotFoundError
    return comment
