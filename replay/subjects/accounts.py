"""Accounts: a user by the profile, a user name by who is found under it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from events.accounts import AccountEvent, AccountRegistered
from events.codec import Record
from replay.oracle.accounts import accounts
from replay.subjects.subject import Entity, Fact, Member, Piece, Subject, Told, Value, digest, mentions
from stores.ports.accounts import AccountsReader

_TEXTS = ("username", "email", "display_name", "bio", "location")
_PLAIN = ("user_id", "avatar_media_id", "created_at_ms", "seen_at_ms")


class AccountsSubject(Subject):
    PRIVATE: ClassVar[Collection[str]] = ("username",)

    def facts(self, told: Told) -> Iterable[Fact]:
        found = accounts(told.events)
        for user_id in {e.user_id for e in told.events if isinstance(e, AccountEvent)}:
            profile = found.get(user_id)
            yield ("user", user_id), [user_id, None if profile is None else _said(profile)]
            if profile is not None and profile["username"]:
                yield ("username", profile["username"]), [user_id]
        for event in told.events:
            if isinstance(event, AccountRegistered) and event.username:
                yield ("username", event.username), [None]

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        if entity[0] == "user":
            return {"profile": next((said for _, said in pieces if said), None)}
        return {"user_id": min((user_id for (user_id,) in pieces if user_id is not None), default=None)}

    async def read(
        self, view: AccountsReader, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        if entity[0] == "user":
            user_id = int(entity[1])
            account = (await view.accounts([user_id])).get(user_id)
            fields = {} if account is None else {name: getattr(account, name) for name in (*_TEXTS, *_PLAIN)}
            return {"profile": _said(fields) if fields else None}
        if not entity[1]:
            return {"user_id": None}  # who was erased is not found under any name
        named = await view.by_username(str(entity[1]))
        return {"user_id": None if named is None else named.user_id}

    def made(self, entity: Entity, members: Collection[str], record: Record) -> bool:
        """Of a user name, whatever the users have done who had it."""
        return entity[0] == "username" or mentions(record, str(entity[1]))


def _said(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {name: digest(profile[name]) for name in _TEXTS} | {name: profile[name] for name in _PLAIN}
