"""A home feed for an operator: which posts are in it, without anything that people wrote."""

from api.feeds import skeleton
from producers.visibility import visible
from stores.ports.timelines import Post
from stores.ports.views import Views


async def shown_feed(views: Views, reader_id: int, limit: int) -> list[Post]:
    """The newest posts of the feed as it is served, at most so many; also those whose files or author are about to go."""
    found: list[Post] = []
    before: int | None = None
    while len(found) < limit:
        page = await skeleton(views, reader_id, before, limit - len(found))
        posts = await views.timelines.posts(page.items)
        there = [posts[post_id] for post_id in page.items if post_id in posts]
        found += await visible(views, reader_id, there)
        before = page.next_key
        if before is None:
            break
    return found
