"""The contract of `stores.ports.idempotency`, for every adapter.

An adapter's test file gives `open_keys`: each call opens the same data anew, as the next process would after
this one was killed.
"""

import asyncio
from collections.abc import Callable

import pytest

from stores.ports.idempotency import (
    KEPT_MS,
    Answered,
    IdempotencyKeys,
    KeptAnswer,
    Mismatch,
    Reserved,
    Running,
)

OpenKeys = Callable[[], IdempotencyKeys]

SLOT, OTHER_SLOT = b"s" * 32, b"t" * 32
REQUEST, OTHER_REQUEST = b"r" * 32, b"q" * 32
NOW_MS = 1_800_000_000_000
ANSWER = KeptAnswer(201, (("Location", "/v1/posts/7"), ("X", "ü")), b'{"id":"7"}', b"{}")


class IdempotencyContract:
    @pytest.fixture
    def keys(self, open_keys: OpenKeys) -> IdempotencyKeys:
        return open_keys()

    async def test_a_free_slot_gets_the_id_that_is_suggested(self, keys: IdempotencyKeys) -> None:
        assert await keys.reserve(SLOT, REQUEST, 7, NOW_MS) == Reserved(7)

    async def test_while_it_runs_nobody_else_gets_it(self, keys: IdempotencyKeys) -> None:
        await keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        assert await keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Running()
        assert await keys.reserve(SLOT, OTHER_REQUEST, 8, NOW_MS) == Mismatch()
        assert await keys.reserve(OTHER_SLOT, REQUEST, 8, NOW_MS) == Reserved(8)

    async def test_of_many_at_once_one_gets_it(self, keys: IdempotencyKeys) -> None:
        found = await asyncio.gather(*(keys.reserve(SLOT, REQUEST, 7 + n, NOW_MS) for n in range(20)))
        assert sorted(type(reservation).__name__ for reservation in found) == ["Reserved"] + ["Running"] * 19

    async def test_a_released_slot_keeps_its_id_and_its_request(self, keys: IdempotencyKeys) -> None:
        await keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        await keys.release(SLOT)
        assert await keys.reserve(SLOT, OTHER_REQUEST, 8, NOW_MS) == Mismatch()
        assert await keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Reserved(7)

    async def test_an_answer_is_given_again(self, keys: IdempotencyKeys) -> None:
        await keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        await keys.complete(SLOT, ANSWER)
        assert await keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Answered(ANSWER)
        assert await keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Answered(ANSWER)
        assert await keys.reserve(SLOT, OTHER_REQUEST, 8, NOW_MS) == Mismatch()

    async def test_an_answer_without_body_or_position(self, keys: IdempotencyKeys) -> None:
        bare = KeptAnswer(204, (), None, None)
        await keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        await keys.complete(SLOT, bare)
        assert await keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Answered(bare)

    async def test_releasing_what_is_answered_or_free_changes_nothing(self, keys: IdempotencyKeys) -> None:
        await keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        await keys.complete(SLOT, ANSWER)
        await keys.release(SLOT)
        await keys.release(OTHER_SLOT)
        assert await keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Answered(ANSWER)
        assert await keys.reserve(OTHER_SLOT, REQUEST, 8, NOW_MS) == Reserved(8)

    async def test_a_slot_is_kept_for_a_day_and_then_free(self, keys: IdempotencyKeys) -> None:
        await keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        await keys.complete(SLOT, ANSWER)
        assert await keys.reserve(SLOT, REQUEST, 8, NOW_MS + KEPT_MS - 1) == Answered(ANSWER)
        assert await keys.reserve(SLOT, OTHER_REQUEST, 9, NOW_MS + KEPT_MS) == Reserved(9)

    async def test_attempts_do_not_make_a_slot_last_longer(self, keys: IdempotencyKeys) -> None:
        for at_ms in (NOW_MS, NOW_MS + KEPT_MS - 1):
            assert await keys.reserve(SLOT, REQUEST, 7, at_ms) == Reserved(7)
            await keys.release(SLOT)
        assert await keys.reserve(SLOT, REQUEST, 8, NOW_MS + KEPT_MS) == Reserved(8)

    async def test_what_a_killed_process_held_is_idle_with_its_id(self, open_keys: OpenKeys) -> None:
        await open_keys().reserve(SLOT, REQUEST, 7, NOW_MS)
        after = open_keys()
        assert await after.reserve(SLOT, OTHER_REQUEST, 8, NOW_MS) == Mismatch()
        assert await after.reserve(SLOT, REQUEST, 8, NOW_MS) == Reserved(7)

    async def test_answers_outlive_the_process(self, open_keys: OpenKeys) -> None:
        before = open_keys()
        await before.reserve(SLOT, REQUEST, 7, NOW_MS)
        await before.complete(SLOT, ANSWER)
        assert await open_keys().reserve(SLOT, REQUEST, 8, NOW_MS) == Answered(ANSWER)
