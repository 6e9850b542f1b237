"""Accounts: their profile, and when their owners were here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from events.accounts import AccountSeen, ProfileChanged, ProfileField
from events.media import MediaAttached
from producers.command import Command
from producers.errors import NotCaughtUpError, NotFoundError
from producers.journal import Journal
from producers.posts import MediaInUseError, MediaNotReadyError
from producers.written import Written
from stores.ports.accounts import Account, AccountsReader
from stores.ports.log import Positions, merged
from stores.ports.media import Media, MediaReader
from stores.ports.progress import Progress

ATTACHED_WITHIN_MS = 2_000


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
        attached_at = await _attach(log, media, progress, me, values["avatar_media_id"])
    changed = ProfileChanged(**me.stamp(), user_id=me.actor_id, changed=to.changed, **values)
    return Written(replace(account, **values), merged(attached_at, await log.append(changed)))


async def note_seen(log: Journal, me: Command) -> Positions:
    return await log.append(AccountSeen(**me.stamp(), user_id=me.actor_id))


async def _attach(
    log: Journal, media: Callable[[], MediaReader], progress: Progress, me: Command, media_id: int
) -> Positions:
    """Returns when the media is the user's avatar and nothing else's."""
    if _is_mine(await _usable(media(), me.actor_id, media_id), me.actor_id):
        return {}
    wanted = MediaAttached(
        **me.stamp(), media_id=media_id, owner_id=me.actor_id, attached_kind="avatar", attached_id=me.actor_id
    )
    positions = await log.append(wanted)
    if not await progress.reached(("media",), positions, ATTACHED_WITHIN_MS):
        raise NotCaughtUpError
    if not _is_mine(await _usable(media(), me.actor_id, media_id), me.actor_id):
        raise NotCaughtUpError
    return positions


async def _usable(media: MediaReader, owner_id: int, media_id: int) -> Media:
    found = (await media.media((media_id,))).get(media_id)
    if found is None or found.owner_id != owner_id:
        raise NotFoundError("The file does not exist.")
    if found.status != "ready":
        raise MediaNotReadyError
    return found


def _is_mine(media: Media, user_id: int) -> bool:
    """Whether it is the user's avatar; False while it is nobody's, MediaInUseError when it is something else's."""
    if media.attached not in (None, ("avatar", user_id)):
        raise MediaInUseError
    return media.attached is not None
