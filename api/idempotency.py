"""`Idempotency-Key`: the same request, sent again, makes the same object and gets the same answer.

The store (`stores.ports.idempotency`) is told neither the key nor the request, only keyed hashes of them. An
answer is kept with its position, unless it is a 429 or a 5xx, or the route's answers hold tokens; then only
the reserved id remains, and the request runs again.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable

import orjson

from api.calls import Answer, Call
from api.positions import packed, unpacked
from api.problems import (
    BAD_IDEMPOTENCY_KEY,
    IDEMPOTENCY_IN_PROGRESS,
    IDEMPOTENCY_MISMATCH,
    PROBLEM_TYPE,
    ProblemError,
    problem,
)
from api.routes import Endpoint, Keyed
from api.signing import derived_key
from events.ids import Clock
from stores.ports.idempotency import Answered, IdempotencyKeys, KeptAnswer, Mismatch, Reserved, Running
from stores.ports.log import Positions, merged

HEADER = "Idempotency-Key"
MAX_KEY_CHARS = 255

LogEnds = Callable[[], Awaitable[Positions]]
"""Where the log ends now."""


class Idempotency:
    def __init__(self, keys: IdempotencyKeys, secret: bytes, clock: Clock, log_ends: LogEnds) -> None:
        self._keys = keys
        self._log_ends = log_ends
        self._hash_key = derived_key(secret, "idempotency")
        self._clock = clock

    async def once(
        self,
        endpoint: Endpoint,
        rule: Keyed,
        key: str,
        call: Call,
        body: bytes,
        run: Callable[[], Awaitable[Answer]],
    ) -> Answer:
        """What `run` answers, or what it answered the first time. `call.new_id` is the reserved id while it
        runs.
        """
        if not (1 <= len(key) <= MAX_KEY_CHARS and key.isascii() and key.isprintable()):
            raise problem(BAD_IDEMPOTENCY_KEY)
        slot = self._hashed(rule.scope(call), endpoint.method, call.path, key)
        fingerprint = hmac.digest(self._hash_key, body, "sha256")
        match await self._keys.reserve(slot, fingerprint, call.new_id, self._clock()):
            case Answered(kept):
                return _answer_again(kept)
            case Running():
                raise problem(IDEMPOTENCY_IN_PROGRESS, headers={"Retry-After": "1"})
            case Mismatch():
                raise problem(IDEMPOTENCY_MISMATCH)
            case Reserved(object_id):
                return await self._reserved(slot, object_id, rule, call, run)

    async def _reserved(
        self, slot: bytes, object_id: int, rule: Keyed, call: Call, run: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Whatever is raised here, the slot is given back."""
        kept: KeptAnswer | None = None
        before: Positions = {}
        try:
            if object_id != call.new_id:
                # an attempt before this one ended in the dark: the views must show what it did, also when this is answered again
                before = await self._log_ends()
                call.position = merged(call.position, before)
            call.give_reserved(object_id, slot.hex())
            answer = await run()
            kept = _to_keep(answer, before)
            return answer
        except ProblemError as error:
            if error.kind.status < 500 and error.kind.status != 429:
                kept = _problem_to_keep(error)
            raise
        finally:
            # Also when the client has gone: a slot that stays taken would refuse the retry.
            await asyncio.shield(self._end(slot, kept if rule.answers == "kept" else None))

    async def _end(self, slot: bytes, kept: KeptAnswer | None) -> None:
        if kept is None:
            await self._keys.release(slot)
        else:
            await self._keys.complete(slot, kept)

    def _hashed(self, *parts: str) -> bytes:
        return hmac.digest(self._hash_key, orjson.dumps(parts), "sha256")


def _to_keep(answer: Answer, before: Positions) -> KeptAnswer:
    body = answer.body if isinstance(answer.body, bytes | None) else orjson.dumps(answer.body)
    position = packed(merged(before, answer.position or {}))
    return KeptAnswer(answer.status, tuple(answer.headers.items()), body, position)


def _problem_to_keep(error: ProblemError) -> KeptAnswer:
    headers = (("Content-Type", PROBLEM_TYPE), ("Cache-Control", "no-store"), *error.headers.items())
    return KeptAnswer(error.kind.status, headers, error.body(), None)


def _answer_again(kept: KeptAnswer) -> Answer:
    position = None if kept.position is None else unpacked(kept.position)
    return Answer(kept.status, kept.body, dict(kept.headers), position)
