"""Passwords with argon2id, in threads of their own: hashing takes long on purpose, and memory for every one that runs.

What a hash costs is said here and in the hash; where hashes are kept is not known here.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from stores.ports.errors import StoreError, UnavailableError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash takes; by default the second recommendation of RFC 9106."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4


class Argon2Passwords:
    """`running_limit` hashes are computed at once, each taking the cost's memory; `waiting_limit` callers may wait for
    their turn. Needs `close`.
    """

    def __init__(self, cost: Cost = Cost(), running_limit: int = 2, waiting_limit: int = 32) -> None:
        self._hasher = argon2.PasswordHasher(cost.passes, cost.memory_kib, cost.lanes)
        self._of_nobody = _of_nobody(self._hasher)
        self._pool = ThreadPoolExecutor(running_limit, "argon2")
        self._places = threading.BoundedSemaphore(running_limit + waiting_limit)

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(password))

    async def matches(self, password: str, password_hash: str | None) -> bool:
        known = self._of_nobody if password_hash is None else password_hash
        return await self._run(lambda: self._verify(known, password)) and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError) as error:
            raise StoreError("a stored password hash cannot be read") from error

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise UnavailableError("too many passwords are being checked")
        running = self._pool.submit(work)
        # Not in a `finally` here: a caller that goes away does not stop the thread that works for it.
        running.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(running)


def _of_nobody(hasher: argon2.PasswordHasher) -> str:
    """A hash that costs what others cost; nobody knows a password for all zeros."""
    parameters = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${parameters}${_zeros(hasher.salt_len)}${_zeros(hasher.hash_len)}"


def _zeros(count: int) -> str:
    """So many zero bytes in base64 without padding."""
    return "A" * ((count * 8 + 5) // 6)
