"""Idempotency keys: what a client's key has reserved, and the answer it once got. Not in the log, and so to
be backed up.

A *slot* is 32 bytes that stand for one client's key on one route; the store sees neither the key nor who sent
it. A slot reserves an id for the object that the request makes, before anything is appended, and that id
stays the slot's for 24 hours whatever becomes of the attempts. Its states: free (never reserved, or older
than 24 hours) -> running -> answered, or running -> idle -> running for attempts that ended without an answer
to keep.
"""

from dataclasses import dataclass
from typing import Protocol

KEPT_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was first given. `position` is opaque here."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    position: bytes | None


@dataclass(frozen=True, slots=True)
class Reserved:
    """The slot is the caller's now, and running; the object gets `object_id`."""

    object_id: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The same request was answered before."""

    answer: KeptAnswer


@dataclass(frozen=True, slots=True)
class Running:
    """The same request is running now."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The key was used with another request."""


Reservation = Reserved | Answered | Running | Mismatch


class IdempotencyKeys(Protocol):
    async def reserve(self, slot: bytes, fingerprint: bytes, object_id: int, now_ms: int) -> Reservation:
        """Take a slot that is free or idle; of two callers at once one gets it.

        `object_id` is a suggestion: a slot that has reserved one before gives that one. The reservation is
        durable, with the id, before this returns. `fingerprint` is 32 bytes that stand for the request: a
        slot taken with another one is Mismatch, also while that one is running. Running means that a living
        process holds the slot: a slot whose process has ended is idle. Raises UnavailableError when the store
        is away; nothing may have been appended under the slot then.
        """

    async def complete(self, slot: bytes, answer: KeptAnswer) -> None:
        """Keep the answer of a slot that the caller has reserved; from now on it is Answered.

        When this raises UnavailableError the slot is idle, or answered after all; it does not go on running.
        """

    async def release(self, slot: bytes) -> None:
        """Give a reserved slot back without an answer: it is idle, with its id and fingerprint. Others are
        left alone.
        """
