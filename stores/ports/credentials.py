"""Credentials: what proves that somebody is an account's owner. Not in the log, so to be backed up.

The store keeps password hashes and never sees a password; how one is hashed is known to `Passwords` alone.
"""

from typing import Protocol


class Credentials(Protocol):
    async def create(self, user_id: int, password_hash: str) -> None:
        """The account's first hash, durable before this returns. Changes nothing where there is one."""

    async def get(self, user_id: int) -> str | None:
        """The account's password hash."""

    async def replace(self, user_id: int, known_hash: str, password_hash: str) -> bool:
        """Another hash in the place of the known one, durable before this returns. False, and nothing is changed, when that is not
        the account's hash any more.
        """


class Passwords(Protocol):
    """Slow on purpose. Raises UnavailableError instead of letting more callers wait than it can serve soon."""

    async def hash(self, password: str) -> str:
        """A salted hash that carries its own parameters."""

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the hash was made of the password. None is never matched and takes just as long."""

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than new ones are."""
