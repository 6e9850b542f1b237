"""Sessions: where an account is signed in. Not in the log, so to be backed up.

A session has one refresh token at a time, known here by its 32-byte hash. Refreshing replaces the token; the one just
replaced works once more within `GRACE_MS`, for clients that lost the answer. Any other use of a replaced token means
that two hold it, and ends the session. A session that was not refreshed for `IDLE_MS` is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

GRACE_MS = 60 * 1000
IDLE_MS = 60 * 24 * 3600 * 1000
SESSIONS_LIMIT = 100
"""Living sessions of one account; opening more ends those that were refreshed longest ago."""


@dataclass(frozen=True, slots=True)
class Session:
    """`client` is the network address it was opened from. Times are milliseconds since 1970 UTC."""

    session_id: int
    user_id: int
    client: str
    created_at_ms: int
    refreshed_at_ms: int


class Sessions(Protocol):
    """Writes are durable when they return."""

    async def open(self, session: Session, refresh_hash: bytes) -> None:
        """A new session with its first refresh token."""

    async def owner(self, session_id: int) -> int | None:
        """Whose session it is while it lives; None at most a second after it ended. Asked with every request: cheap."""

    async def refresh(self, presented: bytes, fresh: bytes, now_ms: int) -> Session | None:
        """Replace the presented token by the fresh one.

        None when the presented one is unknown, or too old, or was used before: then its session has ended. Of two
        callers at once one is first.
        """

    async def of_user(self, user_id: int, now_ms: int) -> Sequence[Session]:
        """The account's living sessions, the one refreshed last first."""

    async def end(self, user_id: int, session_id: int) -> bool:
        """End a session of this account; False when there is no such."""

    async def end_others(self, user_id: int, session_id: int) -> None:
        """End every session of the account but this one."""
