"""Accounts: their profile, and when their owners were here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from events.accounts import AccountSeen, ProfileChanged, ProfileField
from producers.attaching import attach
from producers.command import Command
from producers.errors import NotFoundError
from producers.journal import Journal
from producers.written import Written
from stores.ports.accounts import Account, AccountsReader
from stores.ports.log import Positions, merged
from stores.ports.media import MediaReader
from stores.ports.progress import Progress


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """The fields named in `changed` get new values; the others say nothing."""

    changed: tuple[ProfileField, ...]
    display_name: str = ""
    bio: str = ""
    location: str = ""
    avatar_media_id: int | None = None


async def own_account(accounts: AccountsReader, me: Command) -> Account:
    account = (await accounts.accounts((me.actor_id,))).get(me.actor_id)
    if account is None:
        raise NotFoundError
    return account


async def change_profile(
    log: Journal,
    media: Callable[[], MediaReader],
    progress: Progress,
    me: Command,
    account: Account,
    to: ProfileChanges,
) -> Written[Account]:
    """`account` comes from `own_account`; `media` gives the live view. Nothing is appended where nothing changes.

    An avatar is the user's own media and nothing else's: it is wanted first, and set once the fold has decided that
    it is theirs.
    """
    values: dict[str, Any] = {name: getattr(to, name) for name in to.changed}
    if not values:
        return Written(account, {})
    attached_at: Positions = {}
    if values.get("avatar_media_id") is not None:
        wanted = (values["avatar_media_id"],)
        attached_at = await attach(log, media, progress, me, "avatar", me.actor_id, wanted)
    changed = ProfileChanged(**me.stamp(), user_id=me.actor_id, changed=to.changed, **values)
    return Written(replace(account, **values), merged(attached_at, await log.append(changed)))


async def note_seen(log: Journal, me: Command) -> Positions:
    return await log.append(AccountSeen(**me.stamp(), user_id=me.actor_id))
