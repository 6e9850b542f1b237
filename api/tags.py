"""Pages of tags over HTTP: the posts whose caption has a tag."""

from functools import partial

from api.calls import Answer, Call
from api.hydrate import POST_READS, page_of_posts
from api.pages import PageOf
from api.post_json import Post
from api.problems import NOT_FOUND, problem
from api.routes import Endpoint, Reply
from api.services import Services
from events.tags import as_tag


async def get_posts_with_tag(app: Services, call: Call) -> Answer:
    """A tag that nobody has used yet has no posts; what cannot be a tag is not found."""
    tag = as_tag(call.path_text("tag"))
    if tag is None:
        raise problem(NOT_FOUND)
    views = app.views()
    return await page_of_posts(app, views, call, partial(views.timelines.with_tag, tag))


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "GET", "/v1/tags/{tag}/posts", partial(get_posts_with_tag, app),
            summary="The posts with a tag, newest first", tag="tags",
            replies={200: Reply("Those that you may see", PageOf[Post])}, public=True, paged=True,
            reads=POST_READS, problems=(NOT_FOUND,),
        ),
    ]  # fmt: skip
