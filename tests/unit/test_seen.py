"""Visits: noted once a day, beside the request."""

from collections.abc import Collection

import pytest

from api.seen import RETRY_MS, SEEN_EVERY_MS, Seen
from events.accounts import AccountSeen
from events.envelope import Envelope
from events.ids import Ids
from stores.ports.accounts import Account
from stores.ports.errors import UnavailableError
from stores.ports.log import Positions

ADA = 7
START_MS = 1_800_000_000_000


class World:
    """A clock, a journal that may fail, and an account that was last seen at some time."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.seen_at_ms: int | None = START_MS
        self.is_away = False
        self.asked_count = 0
        self.appended: list[Envelope] = []

    async def append(self, *events: Envelope) -> Positions:
        if self.is_away:
            raise UnavailableError
        self.appended += events
        return {}

    async def accounts(self, user_ids: Collection[int]) -> dict[int, Account]:
        self.asked_count += 1
        if self.seen_at_ms is None:
            return {}
        return {ADA: Account(ADA, "ada", "", "", "", "", None, START_MS, self.seen_at_ms)}

    async def by_username(self, username: str) -> Account | None:
        raise AssertionError

    async def visit(self, seen: Seen, after_ms: int = 0) -> int:
        """How many visits have been noted by then."""
        self.now_ms += after_ms
        seen.here(ADA)
        await seen.close()
        return len(self.appended)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def seen(world: World) -> Seen:
    return Seen(world, lambda: world, Ids(1, lambda: world.now_ms), lambda: world.now_ms)  # type: ignore[arg-type, return-value]


async def test_who_was_seen_today_is_not_noted_again(world: World, seen: Seen) -> None:
    assert await world.visit(seen) == 0
    assert await world.visit(seen, SEEN_EVERY_MS - 1) == 0
    assert world.asked_count == 1


async def test_the_next_day_is_noted_once(world: World, seen: Seen) -> None:
    assert await world.visit(seen, SEEN_EVERY_MS) == 1
    event = world.appended[0]
    assert isinstance(event, AccountSeen)
    assert (event.user_id, event.actor_id, event.occurred_at_ms) == (ADA, ADA, world.now_ms)
    assert await world.visit(seen, SEEN_EVERY_MS - 1) == 1
    world.seen_at_ms = START_MS + SEEN_EVERY_MS
    assert await world.visit(seen, 1) == 2


async def test_many_requests_at_once_note_one_visit(world: World, seen: Seen) -> None:
    world.now_ms += SEEN_EVERY_MS
    for _ in range(10):
        seen.here(ADA)
    await seen.close()
    assert len(world.appended) == 1


async def test_a_log_that_is_away_is_tried_again_later(world: World, seen: Seen) -> None:
    world.is_away = True
    assert await world.visit(seen, SEEN_EVERY_MS) == 0
    world.is_away = False
    assert await world.visit(seen, RETRY_MS - 1) == 0
    assert await world.visit(seen, 1) == 1


async def test_an_account_that_no_view_shows_yet(world: World, seen: Seen) -> None:
    world.seen_at_ms = None
    assert await world.visit(seen, SEEN_EVERY_MS * 2) == 0
    world.seen_at_ms = START_MS
    assert await world.visit(seen, RETRY_MS) == 1
