"""Following over HTTP, and the lists of followers and followed."""

from functools import partial

from api.calls import Answer, Call
from api.hydrate import Candidates, filled_page
from api.pages import PageOf
from api.people import Relationship, UserSummary, relationship_json
from api.problems import FOLLOWING_LIMIT, INVALID, NOT_FOUND, problem
from api.routes import Endpoint, Reply
from api.services import Services
from producers.graph import follow_user, unfollow_user
from stores.ports.views import Views


async def put_follow(app: Services, call: Call) -> Answer:
    views = app.views()
    position = await follow_user(app.log, views, app.command(call), call.id)
    return Answer(body=await _relationship(views, call, following=True), position=position)


async def delete_follow(app: Services, call: Call) -> Answer:
    views = app.views()
    position = await unfollow_user(app.log, views, app.command(call), call.id)
    return Answer(body=await _relationship(views, call, following=False), position=position)


async def _relationship(views: Views, call: Call, following: bool) -> bytes:
    """The command says whether I follow them; whether they follow me is theirs to change, and read."""
    followers = await views.graph.followers_among(call.me, (call.id,))
    return relationship_json(following, call.id in followers)


async def get_followers(app: Services, call: Call) -> Answer:
    views = app.views()
    return await _page_of_people(app, views, call, partial(views.graph.followers, call.id))


async def get_following(app: Services, call: Call) -> Answer:
    views = app.views()
    return await _page_of_people(app, views, call, partial(views.graph.following, call.id))


async def _page_of_people(app: Services, views: Views, call: Call, candidates: Candidates) -> Answer:
    if not await views.accounts.accounts((call.id,)):
        raise problem(NOT_FOUND)
    return await filled_page(call, candidates, partial(app.people.listed, views, call.viewer_id))


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "PUT", "/v1/users/{id}/follow", partial(put_follow, app), summary="Follow somebody", tag="people",
            replies={200: Reply("How you stand to them now", Relationship)}, reads=("accounts", "graph"),
            problems=(NOT_FOUND, FOLLOWING_LIMIT, INVALID),
        ),
        Endpoint(
            "DELETE", "/v1/users/{id}/follow", partial(delete_follow, app),
            summary="Follow somebody no longer", tag="people",
            replies={200: Reply("How you stand to them now", Relationship)}, reads=("accounts", "graph"),
            problems=(NOT_FOUND, INVALID),
        ),
        Endpoint(
            "GET", "/v1/users/{id}/followers", partial(get_followers, app),
            summary="Who follows somebody, newest first", tag="people",
            replies={200: Reply("People", PageOf[UserSummary])}, public=True, paged=True,
            reads=("accounts", "graph", "media"), problems=(NOT_FOUND,),
        ),
        Endpoint(
            "GET", "/v1/users/{id}/following", partial(get_following, app),
            summary="Whom somebody follows, newest first", tag="people",
            replies={200: Reply("People", PageOf[UserSummary])}, public=True, paged=True,
            reads=("accounts", "graph", "media"), problems=(NOT_FOUND,),
        ),
    ]  # fmt: skip
