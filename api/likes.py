"""Likes over HTTP."""

from functools import partial

from api.calls import Answer, Call
from api.hydrate import filled_page
from api.models import Output
from api.pages import PageOf
from api.people import UserSummary
from api.problems import NOT_FOUND
from api.routes import Endpoint, Reply
from api.services import Services
from producers.likes import like_post, unlike_post
from producers.visibility import visible_post


class Liked(Output):
    liked: bool


async def put_like(app: Services, call: Call) -> Answer:
    position = await like_post(app.log, app.views(), app.command(call), call.id)
    return Answer(body={"liked": True}, position=position)


async def delete_like(app: Services, call: Call) -> Answer:
    position = await unlike_post(app.log, app.views(), app.command(call), call.id)
    return Answer(body={"liked": False}, position=position)


async def get_likes(app: Services, call: Call) -> Answer:
    views = app.views()
    await visible_post(views, call.me, call.id)
    shown = partial(app.people.listed, views, call.me)
    return await filled_page(call, partial(views.likes.likers, call.id), shown)


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "PUT", "/v1/posts/{id}/like", partial(put_like, app), summary="Like a post", tag="likes",
            replies={200: Reply("You like it", Liked)}, reads=("timelines", "graph"), problems=(NOT_FOUND,),
        ),
        Endpoint(
            "DELETE", "/v1/posts/{id}/like", partial(delete_like, app), summary="Like a post no longer",
            tag="likes", replies={200: Reply("You do not like it", Liked)},
            reads=("timelines", "graph", "likes"), problems=(NOT_FOUND,),
        ),
        Endpoint(
            "GET", "/v1/posts/{id}/likes", partial(get_likes, app), summary="Who likes a post, newest first",
            tag="likes", replies={200: Reply("People", PageOf[UserSummary])}, paged=True,
            reads=("timelines", "graph", "likes", "accounts", "media"), problems=(NOT_FOUND,),
        ),
    ]  # fmt: skip
