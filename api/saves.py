"""Saves over HTTP: a user's own bookmarks."""

from functools import partial

from api.calls import Answer, Call
from api.hydrate import POST_READS, page_of_posts
from api.models import Output
from api.pages import PageOf
from api.post_json import Post
from api.problems import NOT_FOUND
from api.routes import Endpoint, Reply
from api.services import Services
from producers.saves import save_post, unsave_post


class Saved(Output):
    saved: bool


async def put_save(app: Services, call: Call) -> Answer:
    position = await save_post(app.log, app.views(), app.command(call), call.id)
    return Answer(body={"saved": True}, position=position)


async def delete_save(app: Services, call: Call) -> Answer:
    position = await unsave_post(app.log, app.views(), app.command(call), call.id)
    return Answer(body={"saved": False}, position=position)


async def get_saves(app: Services, call: Call) -> Answer:
    views = app.views()
    return await page_of_posts(app, views, call, partial(views.saves.posts, call.me))


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "PUT", "/v1/posts/{id}/save", partial(put_save, app), summary="Save a post", tag="saves",
            replies={200: Reply("It is saved", Saved)}, reads=("timelines", "graph"), problems=(NOT_FOUND,),
        ),
        Endpoint(
            "DELETE", "/v1/posts/{id}/save", partial(delete_save, app), summary="Save a post no longer",
            tag="saves", replies={200: Reply("It is not saved", Saved)},
            reads=("timelines", "graph", "saves"), problems=(NOT_FOUND,),
        ),
        Endpoint(
            "GET", "/v1/me/saves", partial(get_saves, app), summary="What you saved, newest first",
            tag="saves", replies={200: Reply("Those that you may see", PageOf[Post])}, paged=True,
            reads=POST_READS,
        ),
    ]  # fmt: skip
