"""User names and e-mail addresses: who claimed one, who kept it, who gave it up.

The key is a keyed digest of the name, so that the log's keys say nothing about people. The first claim that is not released
wins; that is decided by the fold of `photolog.names`, never by a lock.
"""

from typing import ClassVar, Literal

from pydantic import Field

from events.envelope import Envelope, Part
from events.ids import Id
from events.topics import NAMES

NameKind = Literal["username", "email"]


class NameEvent(Envelope):
    topic: ClassVar[str] = NAMES

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    kind: NameKind
    user_id: Id

    @property
    def key(self) -> str:
        return self.digest

    @property
    def subject_id(self) -> int:
        return self.user_id


class Registration(Part):
    """Everything that `account.registered` will need."""

    username: str
    email: str
    display_name: str = ""
    location: str = ""


class NameClaimed(NameEvent):
    type: ClassVar[str] = "name.claimed"


class NameKept(NameEvent):
    """The claim became final; `claim_id` is its event. The one of the user name carries the registration, so that it
    can be completed by others.
    """

    type: ClassVar[str] = "name.kept"
    personal: ClassVar[tuple[str, ...]] = ("registration",)

    claim_id: Id
    registration: Registration | None = None


class NameReleased(NameEvent):
    """The claim was given up before it was kept, an e-mail address also when it is no longer the user's.

    `claim_id` is the claim's event: a later claim of the same user is not meant.
    """

    type: ClassVar[str] = "name.released"

    claim_id: Id
