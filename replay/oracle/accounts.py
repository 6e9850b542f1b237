"""What the profiles must be, told from the plain list of events.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one user.
"""

from collections.abc import Sequence
from typing import Any

from events.accounts import AccountEvent, AccountRegistered, AccountSeen, ProfileChanged
from events.envelope import Envelope
from replay.oracle.grouping import grouped

Profile = dict[str, Any]


def accounts(events: Sequence[Envelope]) -> dict[int, Profile]:
    found = {user_id: _profile(mine) for user_id, mine in grouped(events, AccountEvent, "user_id").items()}
    return {user_id: profile for user_id, profile in found.items() if profile is not None}


def _profile(events: Sequence[AccountEvent]) -> Profile | None:
    first = next((n for n, event in enumerate(events) if isinstance(event, AccountRegistered)), None)
    if first is None:
        return None
    registered = events[first]
    assert isinstance(registered, AccountRegistered)
    after = events[first:]
    profile: Profile = {
        "user_id": registered.user_id,
        "username": registered.username,
        "email": registered.email,
    }
    profile["created_at_ms"] = registered.occurred_at_ms
    seen = [e.occurred_at_ms for e in after if isinstance(e, AccountSeen)]
    profile["seen_at_ms"] = max([registered.occurred_at_ms, *seen])
    edits = [event for event in after if isinstance(event, ProfileChanged)]
    profile["display_name"] = _last(edits, "display_name", registered.display_name)
    profile["location"] = _last(edits, "location", registered.location)
    profile["bio"] = _last(edits, "bio", "")
    profile["avatar_media_id"] = _last(edits, "avatar_media_id", None)
    return profile


def _last(edits: Sequence[ProfileChanged], field: str, first: object) -> object:
    values = [getattr(edit, field) for edit in edits if field in edit.changed]
    return values[-1] if values else first
