"""Accounts: who is registered, what their profile says, when they were here."""

from typing import ClassVar, Literal

from events.envelope import Envelope
from events.ids import Id
from events.topics import ACCOUNTS

ProfileField = Literal["display_name", "bio", "location", "avatar_media_id"]


class AccountEvent(Envelope):
    topic: ClassVar[str] = ACCOUNTS

    user_id: Id

    @property
    def key(self) -> str:
        return str(self.user_id)

    @property
    def subject_id(self) -> int:
        return self.user_id


class AccountRegistered(AccountEvent):
    type: ClassVar[str] = "account.registered"
    personal: ClassVar[tuple[str, ...]] = ("username", "email", "display_name", "location")

    username: str = ""
    email: str = ""
    display_name: str = ""
    location: str = ""


class ProfileChanged(AccountEvent):
    """The fields named in `changed` have new values; the others say nothing."""

    type: ClassVar[str] = "account.profile_changed"
    personal: ClassVar[tuple[str, ...]] = ("display_name", "bio", "location")

    changed: tuple[ProfileField, ...]
    display_name: str = ""
    bio: str = ""
    location: str = ""
    avatar_media_id: Id | None = None


class AccountSeen(AccountEvent):
    """The user was here; appended at most once a day and user."""

    type: ClassVar[str] = "account.seen"
