"""Other people's profiles."""

from functools import partial

from api.accounts import PROFILE_READS
from api.calls import Answer, Call
from api.filling import readable
from api.models import Ids, QueryInput
from api.pages import ItemsOf, whole
from api.people import User
from api.problems import NOT_FOUND, problem
from api.routes import Endpoint, Reply
from api.services import Services
from producers.naming import username_form


class ByIds(QueryInput):
    ids: Ids


async def get_user(app: Services, call: Call) -> Answer:
    users = await app.people.users(readable(app.views(), call), call.viewer_id, (call.id,))
    if call.id not in users:
        raise problem(NOT_FOUND)
    return Answer(body=users[call.id])


async def get_user_by_username(app: Services, call: Call) -> Answer:
    views = readable(app.views(), call)
    username = username_form(call.path_text("username"))
    account = None if username is None else await views.accounts.by_username(username)
    if account is None:
        raise problem(NOT_FOUND)
    users = await app.people.users(views, call.viewer_id, (account.user_id,))
    return Answer(body=users[account.user_id])


async def get_users(app: Services, call: Call) -> Answer:
    wanted = dict.fromkeys(call.query(ByIds).ids)
    users = await app.people.users(readable(app.views(), call), call.viewer_id, wanted)
    return whole(users[user_id] for user_id in wanted if user_id in users)


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "GET",
            "/v1/users/{id}",
            partial(get_user, app),
            summary="Somebody's profile",
            tag="users",
            replies={200: Reply("The user", User)},
            problems=(NOT_FOUND,),
            public=True,
            reads=PROFILE_READS,
        ),
        Endpoint(
            "GET",
            "/v1/users/by-username/{username}",
            partial(get_user_by_username, app),
            summary="Somebody's profile by user name",
            tag="users",
            replies={200: Reply("The user", User)},
            problems=(NOT_FOUND,),
            public=True,
            reads=PROFILE_READS,
        ),
        Endpoint(
            "GET",
            "/v1/users",
            partial(get_users, app),
            summary="Several profiles",
            tag="users",
            description="In the order of the ids; those that are absent are left out.",
            replies={200: Reply("The users", ItemsOf[User])},
            query=ByIds,
            reads=PROFILE_READS,
        ),
    ]
