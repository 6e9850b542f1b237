"""Signing in, staying signed in, and where one is signed in. An answer with tokens is kept by nobody."""

from functools import partial
from typing import Annotated

from api.calls import Answer, Call
from api.models import Id, Input, Output, Time, rfc3339
from api.pages import ItemsOf, whole
from api.problems import BAD_CREDENTIALS, BAD_REFRESH_TOKEN, NOT_FOUND
from api.routes import Endpoint, Reply
from api.services import Services
from api.tokens import ACCESS_VALID_S, new_refresh_token, refresh_hash
from events.text import Text
from producers import sessions
from producers.sessions import Doorkeeper
from stores.ports.sessions import Session as StoredSession

PasswordText = Annotated[str, Text(8, 128)]
NO_STORE = {"Cache-Control": "no-store"}


class Login(Input):
    """`login` is a user name or an e-mail address."""

    login: Annotated[str, Text(1, 254)]
    password: Annotated[str, Text(1, 128)]


class Refresh(Input):
    refresh_token: Annotated[str, Text(1, 2048)]


class Tokens(Output):
    """`expires_in` is in seconds and of the access token."""

    access_token: str
    refresh_token: str
    expires_in: int


class Session(Output):
    """`client` is the network address it was opened from; `current` is the session that asks."""

    id: Id
    client: str
    created_at: Time
    refreshed_at: Time
    current: bool


async def post_session(app: Services, call: Call) -> Answer:
    body = call.body(Login)
    user_id = await doorkeeper(app).identify(body.login, body.password)
    return Answer(201, await open_session(app, call, user_id), NO_STORE)


async def post_refresh(app: Services, call: Call) -> Answer:
    token, fresh = new_token()
    presented = refresh_hash(call.body(Refresh).refresh_token)
    session = await sessions.refresh(app.sessions, presented, fresh, app.clock())
    return Answer(200, _tokens(app, session, token), NO_STORE)


async def get_sessions(app: Services, call: Call) -> Answer:
    found = await app.sessions.of_user(call.me, app.clock())
    return whole([_session(session, session_id(call)) for session in found])


async def delete_current_session(app: Services, call: Call) -> Answer:
    await app.sessions.end(call.me, session_id(call))
    return Answer(204)


async def delete_session(app: Services, call: Call) -> Answer:
    await sessions.end(app.sessions, call.me, call.id)
    return Answer(204)


def session_id(call: Call) -> int:
    """The session that asks; only for routes that are not public."""
    if call.viewer is None:
        raise LookupError("this route is public")
    return call.viewer.session_id


def doorkeeper(app: Services) -> Doorkeeper:
    return Doorkeeper(app.views().names, app.credentials, app.passwords, app.digest)


async def open_session(app: Services, call: Call, user_id: int) -> dict[str, object]:
    """The tokens of a new session for this user, who has proved to be it."""
    now_ms = app.clock()
    session = StoredSession(app.ids.next(), user_id, call.client, now_ms, now_ms)
    token, fresh = new_token()
    await app.sessions.open(session, fresh)
    return _tokens(app, session, token)


def new_token() -> tuple[str, bytes]:
    """A refresh token and its hash."""
    token = new_refresh_token()
    hashed = refresh_hash(token)
    if hashed is None:
        raise ValueError("no token of ours has this form")
    return token, hashed


def _tokens(app: Services, session: StoredSession, refresh_token: str) -> dict[str, object]:
    return {
        "access_token": app.tokens.issue(session.user_id, session.session_id),
        "refresh_token": refresh_token,
        "expires_in": ACCESS_VALID_S,
    }


def _session(session: StoredSession, current_id: int) -> dict[str, object]:
    return {
        "id": str(session.session_id),
        "client": session.client,
        "created_at": rfc3339(session.created_at_ms),
        "refreshed_at": rfc3339(session.refreshed_at_ms),
        "current": session.session_id == current_id,
    }


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "POST",
            "/v1/sessions",
            partial(post_session, app),
            summary="Sign in",
            tag="sessions",
            replies={201: Reply("Signed in", Tokens)},
            problems=(BAD_CREDENTIALS,),
            public=True,
            body=Login,
            reads=("names",),
            rate="login",
        ),
        Endpoint(
            "POST",
            "/v1/sessions/refresh",
            partial(post_refresh, app),
            summary="Get new tokens for a session",
            tag="sessions",
            description="The refresh token is replaced. The one just replaced works once more within 60 seconds; "
            "any later use of it ends the session.",
            replies={200: Reply("New tokens", Tokens)},
            problems=(BAD_REFRESH_TOKEN,),
            public=True,
            body=Refresh,
        ),
        Endpoint(
            "GET",
            "/v1/sessions",
            partial(get_sessions, app),
            summary="Where you are signed in",
            tag="sessions",
            replies={200: Reply("Your sessions, the one used last first", ItemsOf[Session])},
        ),
        Endpoint(
            "DELETE",
            "/v1/sessions/current",
            partial(delete_current_session, app),
            summary="Sign out",
            tag="sessions",
            replies={204: Reply("The session has ended")},
        ),
        Endpoint(
            "DELETE",
            "/v1/sessions/{id}",
            partial(delete_session, app),
            summary="Sign out somewhere else",
            tag="sessions",
            replies={204: Reply("The session has ended")},
            problems=(NOT_FOUND,),
        ),
    ]
