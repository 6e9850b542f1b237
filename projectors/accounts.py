"""The accounts projection."""

from typing import assert_never

from events.accounts import AccountRegistered, AccountSeen, ProfileChanged
from projectors.projection import Projection
from stores.ports.accounts import AccountPut, AccountsChange, ProfileSet, SeenSet


def project(event: AccountRegistered | ProfileChanged | AccountSeen) -> list[AccountsChange]:
    match event:
        case AccountRegistered():
            return [_account(event)]
        case ProfileChanged():
            return [_profile(event)]
        case AccountSeen():
            return [SeenSet(event.user_id, event.occurred_at_ms)]
        case _:
            assert_never(event)


def _account(event: AccountRegistered) -> AccountPut:
    return AccountPut(
        user_id=event.user_id,
        username=event.username,
        email=event.email,
        display_name=event.display_name,
        location=event.location,
        created_at_ms=event.occurred_at_ms,
    )


def _profile(event: ProfileChanged) -> ProfileSet:
    return ProfileSet(
        user_id=event.user_id,
        display_name=event.display_name if "display_name" in event.changed else None,
        bio=event.bio if "bio" in event.changed else None,
        location=event.location if "location" in event.changed else None,
        avatar=(event.avatar_media_id,) if "avatar_media_id" in event.changed else None,
    )


ACCOUNTS = Projection(
    "accounts", version=1, events=(AccountRegistered, ProfileChanged, AccountSeen), project=project
)
