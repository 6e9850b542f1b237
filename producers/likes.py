"""Likes: always appended, so that repeating one is safe whatever the views show."""

from events.likes import PostLiked, PostUnliked
from producers.command import Command
from producers.journal import Journal
from producers.visibility import existing_post, visible_post
from stores.ports.log import Positions
from stores.ports.views import Views


async def like_post(log: Journal, views: Views, me: Command, post_id: int) -> Positions:
    post = await visible_post(views, me.actor_id, post_id)
    return await log.append(PostLiked(**me.stamp(), post_id=post_id, author_id=post.author_id))


async def unlike_post(log: Journal, views: Views, me: Command, post_id: int) -> Positions:
    """Also possible for a post that the user once liked and may no longer see."""
    if await views.likes.liked(me.actor_id, (post_id,)):
        post = await existing_post(views, post_id)
    else:
        post = await visible_post(views, me.actor_id, post_id)
    return await log.append(PostUnliked(**me.stamp(), post_id=post_id, author_id=post.author_id))
