"""The contract of `stores.ports.sessions`, for every adapter. Its test file gives the fixture `sessions`."""

import asyncio
import dataclasses

from stores.ports.sessions import GRACE_MS, IDLE_MS, SESSIONS_LIMIT, Session, Sessions

ADA, BOB = 7, 8
NOW_MS = 1_800_000_000_000


def token(number: int) -> bytes:
    """The hash of a refresh token."""
    return bytes([number]) * 32


def session(session_id: int, user_id: int = ADA, at_ms: int = NOW_MS) -> Session:
    return Session(session_id, user_id, "192.0.2.7", at_ms, at_ms)


class SessionsContract:
    async def test_an_open_session_has_an_owner(self, sessions: Sessions) -> None:
        assert await sessions.owner(1) is None
        await sessions.open(session(1), token(1))
        assert await sessions.owner(1) == ADA
        assert await sessions.of_user(ADA, NOW_MS) == [session(1)]

    async def test_sessions_are_listed_by_their_last_refresh(self, sessions: Sessions) -> None:
        for number in (1, 2, 3):
            await sessions.open(session(number, at_ms=NOW_MS + number), token(number))
        await sessions.open(session(9, BOB), token(9))
        await sessions.refresh(token(1), token(11), NOW_MS + 10)
        listed = await sessions.of_user(ADA, NOW_MS + 10)
        assert [found.session_id for found in listed] == [1, 3, 2]
        assert listed[0].created_at_ms == NOW_MS + 1
        assert listed[0].refreshed_at_ms == NOW_MS + 10

    async def test_an_ended_session_is_gone(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        await sessions.open(session(2), token(2))
        assert await sessions.owner(1) == ADA
        assert await sessions.end(ADA, 1)
        assert await sessions.owner(1) is None
        assert await sessions.refresh(token(1), token(11), NOW_MS) is None
        assert not await sessions.end(ADA, 1)
        assert [found.session_id for found in await sessions.of_user(ADA, NOW_MS)] == [2]

    async def test_nobody_ends_the_session_of_another(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        assert not await sessions.end(BOB, 1)
        assert await sessions.owner(1) == ADA

    async def test_all_other_sessions_end(self, sessions: Sessions) -> None:
        for number in (1, 2, 3):
            await sessions.open(session(number), token(number))
        await sessions.open(session(9, BOB), token(9))
        assert [await sessions.owner(number) for number in (1, 2, 3, 9)] == [ADA, ADA, ADA, BOB]
        await sessions.end_others(ADA, 2)
        assert [await sessions.owner(number) for number in (1, 2, 3, 9)] == [None, ADA, None, BOB]

    async def test_a_token_is_replaced(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        refreshed = await sessions.refresh(token(1), token(2), NOW_MS + 5)
        assert refreshed == dataclasses.replace(session(1), refreshed_at_ms=NOW_MS + 5)
        assert await sessions.refresh(token(2), token(3), NOW_MS + GRACE_MS * 100) is not None

    async def test_an_unknown_token_harms_nobody(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        assert await sessions.refresh(token(99), token(2), NOW_MS) is None
        assert await sessions.owner(1) == ADA
        assert await sessions.refresh(token(1), token(3), NOW_MS) is not None

    async def test_the_one_just_replaced_works_once_more(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        await sessions.refresh(token(1), token(2), NOW_MS)
        assert await sessions.refresh(token(1), token(3), NOW_MS + GRACE_MS) is not None
        assert await sessions.owner(1) == ADA
        assert await sessions.refresh(token(3), token(4), NOW_MS + GRACE_MS * 2) is not None

    async def test_it_works_only_once_more(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        await sessions.refresh(token(1), token(2), NOW_MS)
        await sessions.refresh(token(1), token(3), NOW_MS)
        assert await sessions.refresh(token(1), token(4), NOW_MS) is None
        assert await sessions.owner(1) is None
        assert await sessions.refresh(token(3), token(5), NOW_MS) is None

    async def test_only_the_one_just_replaced_works_once_more(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        await sessions.refresh(token(1), token(2), NOW_MS)
        await sessions.refresh(token(2), token(3), NOW_MS)
        assert await sessions.refresh(token(1), token(4), NOW_MS) is None
        assert await sessions.owner(1) is None

    async def test_of_two_answers_to_one_token_either_goes_on(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        await sessions.refresh(token(1), token(2), NOW_MS)
        await sessions.refresh(token(1), token(3), NOW_MS)
        assert await sessions.refresh(token(2), token(4), NOW_MS) is not None
        assert await sessions.refresh(token(3), token(5), NOW_MS) is not None

    async def test_late_reuse_ends_the_session(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        assert await sessions.owner(1) == ADA
        await sessions.refresh(token(1), token(2), NOW_MS)
        assert await sessions.refresh(token(1), token(3), NOW_MS + GRACE_MS + 1) is None
        assert await sessions.owner(1) is None
        assert await sessions.refresh(token(2), token(4), NOW_MS + GRACE_MS + 1) is None
        assert await sessions.of_user(ADA, NOW_MS) == []

    async def test_a_token_of_long_ago_ends_the_session_too(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        at_ms = NOW_MS
        for number in range(1, 5):
            at_ms += IDLE_MS // 5
            assert await sessions.refresh(token(number), token(number + 1), at_ms) is not None
        assert await sessions.refresh(token(1), token(9), at_ms) is None
        assert await sessions.owner(1) is None

    async def test_an_idle_session_is_over(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        await sessions.open(session(2), token(2))
        assert await sessions.of_user(ADA, NOW_MS + IDLE_MS) == []
        assert await sessions.refresh(token(1), token(11), NOW_MS + IDLE_MS) is None
        assert await sessions.owner(1) is None
        assert await sessions.refresh(token(2), token(12), NOW_MS + IDLE_MS - 1) is not None

    async def test_too_many_sessions_end_the_one_refreshed_longest_ago(self, sessions: Sessions) -> None:
        for number in range(SESSIONS_LIMIT):
            await sessions.open(session(number + 1, at_ms=NOW_MS + number), token(number))
        await sessions.refresh(token(0), token(200), NOW_MS + 500)
        await sessions.open(session(1000, at_ms=NOW_MS + 600), token(201))
        listed = await sessions.of_user(ADA, NOW_MS + 600)
        assert len(listed) == SESSIONS_LIMIT
        assert await sessions.owner(2) is None
        assert [await sessions.owner(number) for number in (1, 3, 1000)] == [ADA, ADA, ADA]

    async def test_of_many_with_one_token_two_are_served_and_then_it_ends(self, sessions: Sessions) -> None:
        await sessions.open(session(1), token(1))
        served = await asyncio.gather(*(sessions.refresh(token(1), token(10 + n), NOW_MS) for n in range(5)))
        assert sum(found is not None for found in served) == 2
        assert await sessions.owner(1) is None
