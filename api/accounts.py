"""Registering, and one's own profile."""

from functools import partial
from typing import Annotated, Literal, get_args

import orjson
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.calls import Answer, Call
from api.filling import FEEDS, readable
from api.models import Id, Input
from api.people import Me, User
from api.problems import (
    BAD_CREDENTIALS,
    EMAIL_TAKEN,
    MEDIA_IN_USE,
    MEDIA_NOT_READY,
    NOT_FOUND,
    USERNAME_TAKEN,
)
from api.routes import Endpoint, Keyed, Reply
from api.services import Services
from api.sessions import NO_STORE, PasswordText, Tokens, doorkeeper, open_session, session_id
from events.accounts import ProfileField
from events.ids import made_at_ms
from events.names import Registration
from events.text import Text
from producers.accounts import ProfileChanges, change_profile, own_account
from producers.command import Command
from producers.naming import EMAIL_MAX_CHARS, EMAIL_MIN_CHARS, USERNAME_PATTERN, email_form, username_form
from producers.registration import Registrar
from stores.ports.accounts import Account

PROFILE_READS = ("accounts", "media", "timelines", "graph", FEEDS)
"""The views that a profile is made from."""


def _username(text: str) -> str:
    form = username_form(text)
    if form is None:
        raise PydanticCustomError("bad_format", "must be 3 to 30 letters, digits, dots or underscores")
    return form


def _email(text: str) -> str:
    """As it was written: mail goes there. In which form it is compared is not the client's concern."""
    if email_form(text) is None:
        raise PydanticCustomError("bad_format", "must be an e-mail address")
    return text


Username = Annotated[
    str,
    Text(3, 30),
    AfterValidator(_username),
    WithJsonSchema({"type": "string", "pattern": USERNAME_PATTERN}),
]
Email = Annotated[
    str,
    Text(EMAIL_MIN_CHARS, EMAIL_MAX_CHARS),
    AfterValidator(_email),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": EMAIL_MIN_CHARS,
            "maxLength": EMAIL_MAX_CHARS,
            "pattern": r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$",
            "examples": ["ada@example.org"],
        }
    ),
]
DisplayName = Annotated[str, Text(0, 64)]
Bio = Annotated[str, Text(0, 150)]
Location = Annotated[str, Text(0, 128)]


class NewAccount(Input):
    """The user name is taken in lower case. Null is as good as absent."""

    username: Username
    email: Email
    password: PasswordText
    display_name: DisplayName | None = None
    location: Location | None = None


class ProfilePatch(Input):
    """A merge patch: absent keeps, null clears. Who asks to be private is refused: no account is, and nobody may think so."""

    display_name: DisplayName | None = None
    bio: Bio | None = None
    location: Location | None = None
    private: Literal[False] | None = None
    avatar_media_id: Id | None = None


SHOWN_WITHIN_MS = 1_000
"""How long an answer to a registration waits for the account to be seen."""


class NewPassword(Input):
    current: Annotated[str, Text(1, 128)]
    new: PasswordText


class Registered(Tokens):
    user: User


async def post_account(app: Services, call: Call) -> Answer:
    body = call.body(NewAccount)
    me = Command(call.new_id, app.clock(), call.request_id, app.ids, call.slot)
    wanted = Registration(
        username=body.username,
        email=body.email,
        display_name=body.display_name or "",
        location=body.location or "",
    )
    position = await _registrar(app).register(me, wanted, body.password)
    user = await app.people.user(app.views(), _account(me.actor_id, wanted))
    tokens = await open_session(app, call, me.actor_id)
    # Somebody new writes at once, perhaps without sending the position. Late views do not undo the registration.
    await app.progress.reached(("accounts",), position, SHOWN_WITHIN_MS)
    return Answer(
        201,
        b'{"user":' + user + b"," + orjson.dumps(tokens)[1:],
        {**NO_STORE, "Location": f"/v1/users/{me.actor_id}"},
        position,
    )


async def get_me(app: Services, call: Call) -> Answer:
    views = readable(app.views(), call)
    account = await own_account(views.accounts, app.command(call))
    return Answer(body=await app.people.me(views, account))


async def patch_me(app: Services, call: Call) -> Answer:
    views, me = readable(app.views(), call), app.command(call)
    account = await own_account(views.accounts, me)
    changes = _profile_changes(call.body(ProfilePatch))
    written = await change_profile(app.log, lambda: app.views().media, app.progress, me, account, changes)
    return Answer(body=await app.people.me(views, written.value), position=written.positions)


async def put_password(app: Services, call: Call) -> Answer:
    body = call.body(NewPassword)
    # Somebody whom no view shows yet is told so before anything is changed.
    answer, door = await get_me(app, call), doorkeeper(app)
    stored = await door.proved(call.me, body.current)
    # Before the password is another: when a 503 follows, the same request can be repeated, and no other session is left by it.
    await app.sessions.end_others(call.me, session_id(call))
    await door.replace(call.me, stored, body.new)
    await app.sessions.end_others(call.me, session_id(call))  # opened meanwhile with the old one
    return answer


def _registrar(app: Services) -> Registrar:
    return Registrar(
        log=app.log,
        names=lambda: app.views().names,
        accounts=lambda: app.views().accounts,
        progress=app.progress,
        keys=app.keys,
        credentials=app.credentials,
        passwords=app.passwords,
        digest=app.digest,
    )


def _account(user_id: int, wanted: Registration) -> Account:
    """The account as it is right after its registration."""
    at_ms = made_at_ms(user_id)
    return Account(
        user_id=user_id,
        username=wanted.username,
        email=wanted.email,
        display_name=wanted.display_name,
        bio="",
        location=wanted.location,
        avatar_media_id=None,
        created_at_ms=at_ms,
        seen_at_ms=at_ms,
    )


def _profile_changes(patch: ProfilePatch) -> ProfileChanges:
    fields: tuple[ProfileField, ...] = get_args(ProfileField)
    return ProfileChanges(
        changed=tuple(name for name in fields if name in patch.model_fields_set),
        display_name=patch.display_name or "",
        bio=patch.bio or "",
        location=patch.location or "",
        avatar_media_id=patch.avatar_media_id,
    )


def routes(app: Services) -> list[Endpoint]:
    return [
        Endpoint(
            "POST",
            "/v1/accounts",
            partial(post_account, app),
            summary="Register",
            tag="accounts",
            replies={201: Reply("Registered and signed in", Registered, ("Location",))},
            problems=(USERNAME_TAKEN, EMAIL_TAKEN, BAD_CREDENTIALS),
            public=True,
            body=NewAccount,
            reads=("names", "accounts"),
            rate="registration",
            keyed=Keyed(scope=lambda call: call.body(NewAccount).username, answers="repeated"),
        ),
        Endpoint(
            "GET",
            "/v1/me",
            partial(get_me, app),
            summary="Your profile",
            tag="accounts",
            replies={200: Reply("You", Me)},
            problems=(NOT_FOUND,),
            reads=PROFILE_READS,
        ),
        Endpoint(
            "PATCH",
            "/v1/me",
            partial(patch_me, app),
            summary="Change your profile",
            tag="accounts",
            replies={200: Reply("You, changed", Me)},
            problems=(NOT_FOUND, MEDIA_NOT_READY, MEDIA_IN_USE),
            body=ProfilePatch,
            reads=PROFILE_READS,
        ),
        Endpoint(
            "PUT",
            "/v1/me/password",
            partial(put_password, app),
            summary="Change your password",
            tag="accounts",
            description="Ends your other sessions.",
            replies={200: Reply("You", Me)},
            problems=(NOT_FOUND, BAD_CREDENTIALS),
            body=NewPassword,
            reads=PROFILE_READS,
            rate="login",
        ),
    ]
