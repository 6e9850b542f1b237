"""What a viewer may see: the rule, in one place for commands and for reads.

A post is visible to its author; a public one to everybody, signed in or not; any other to the author's
followers. Likes, comments and saves follow their post. What is not visible is treated as absent.
"""

from collections.abc import Collection

from producers.errors import NotFoundError
from stores.ports.timelines import Post
from stores.ports.views import Views


def is_public(post: Post) -> bool:
    """Visible to everybody, so that its pictures may lie under lasting URLs."""
    return post.visibility == "public"


async def visible(views: Views, viewer_id: int | None, posts: Collection[Post]) -> list[Post]:
    """Those of the posts that the viewer may see, in their order; `viewer_id` is None when nobody is signed in."""
    guarded = {post.author_id for post in posts if post.visibility != "public"} - {viewer_id}
    if not guarded:
        return list(posts)
    followed = () if viewer_id is None else await views.graph.following_among(viewer_id, guarded)
    hidden = guarded.difference(followed)
    return [post for post in posts if is_public(post) or post.author_id not in hidden]


async def existing_post(views: Views, post_id: int) -> Post:
    """The post whoever may see it; raises NotFoundError."""
    post = (await views.timelines.posts((post_id,))).get(post_id)
    if post is None:
        raise NotFoundError
    return post


async def visible_post(views: Views, viewer_id: int | None, post_id: int) -> Post:
    """Raises NotFoundError for a post that is absent or not visible to the viewer."""
    post = await existing_post(views, post_id)
    if not await visible(views, viewer_id, (post,)):
        raise NotFoundError
    return post
