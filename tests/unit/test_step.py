"""The shared step on a bad day: poison, parking and retries, stores that are away or went back."""

from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from events.codec import KeyMissingError
from events.envelope import Envelope
from events.likes import PostLiked, PostUnliked
from events.sealing import SealBrokenError, new_key
from events.topics import ENGAGEMENT
from projectors import step as step_module
from projectors.comments import COMMENTS
from projectors.folding import BEHIND
from projectors.likes import LIKES, project
from projectors.step import TooManyParkedError
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.likes import LikeSet
from stores.ports.view import Folded, GapError
from stores.sqlite.comments import SqliteComments
from stores.sqlite.likes import SqliteLikes
from tests.property.stories import Story
from tests.property.worlds import DiedError, World
from tests.unit.stepping import OTHER, POISON, TOLD, acts


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path, LIKES, SqliteLikes, partition_count=1)
    yield made
    made.close()


class Cure:
    """A fold that fails on the poisoned post until it is cured."""

    def __init__(self) -> None:
        self.cured = False

    def __call__(self, event: PostLiked | PostUnliked) -> Sequence[LikeSet]:
        if event.post_id == POISON and not self.cured:
            raise ZeroDivisionError
        return project(event)


def poisoned(world: World) -> Cure:
    cure = Cure()
    world.step.projection = replace(LIKES, project=cure)
    return cure


async def likers(world: World) -> dict[int, list[int]]:
    assert isinstance(world.view, SqliteLikes)
    return {post: [*(await world.view.likers(post, None, 99)).items] for post in (POISON, OTHER)}


async def offset(world: World) -> int:
    return (await world.view.positions())[ENGAGEMENT, 0].offset


async def test_a_failing_event_and_all_later_ones_of_its_key_are_parked_and_the_rest_goes_on(
    world: World,
) -> None:
    poisoned(world)
    await world.append(acts(*TOLD))
    await world.drain()
    assert await likers(world) == {POISON: [], OTHER: [2, 1]}
    parked = [(event.offset, event.reason) for event in await world.view.parked()]
    assert parked == [(1, "ZeroDivisionError: cannot be folded"), (3, BEHIND), (4, BEHIND)]
    assert await offset(world) == 4


async def test_what_comes_later_for_a_parked_key_is_parked_after_a_restart_too(world: World) -> None:
    poisoned(world)
    await world.append(acts(*TOLD))
    await world.drain()
    await world.open()
    await world.append(acts(("like", 4, POISON), ("like", 5, OTHER)))
    await world.drain()
    assert await likers(world) == {POISON: [], OTHER: [5, 2, 1]}
    assert [event.offset for event in await world.view.parked()] == [1, 3, 4, 5]


async def test_a_retry_applies_the_parked_events_in_order_and_frees_the_key(world: World) -> None:
    cure = poisoned(world)
    await world.append(acts(*TOLD))
    await world.drain()
    cure.cured = True
    await world.view.ask_retry(ENGAGEMENT, str(POISON))
    await world.drain()
    await world.append(acts(("like", 4, POISON)))
    await world.drain()
    assert set((await likers(world))[POISON]) == {3, 4}
    assert await world.view.parked() == []


async def test_a_retry_that_fails_again_is_refused_with_its_reason(world: World) -> None:
    poisoned(world)
    await world.append(acts(*TOLD))
    await world.drain()
    await world.view.ask_retry(ENGAGEMENT, str(POISON))
    await world.drain()
    parked = await world.view.parked()
    assert [(event.offset, event.retry) for event in parked] == [(1, False), (3, False), (4, False)]
    reason = f"event {parked[0].event_id}: ZeroDivisionError: cannot be folded"
    assert all(event.reason == reason for event in parked)
    assert (await likers(world))[POISON] == []


async def test_a_retry_of_many_goes_batch_by_batch_and_stops_before_what_still_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later_ones_fail(event: PostLiked | PostUnliked) -> Sequence[LikeSet]:
        if event.actor_id == 3:
            raise ZeroDivisionError
        return project(event)

    poisoned(world)
    await world.append(acts(*TOLD))
    await world.drain()
    world.step.projection = replace(LIKES, project=later_ones_fail)
    monkeypatch.setattr(world.step, "_batch_count", 2)
    await world.view.ask_retry(ENGAGEMENT, str(POISON))
    await world.drain()
    assert [(event.offset, event.retry) for event in await world.view.parked()] == [(4, False)]
    assert await likers(world) == {POISON: [], OTHER: [2, 1]}  # the like and its end
    world.step.projection = LIKES
    await world.view.ask_retry(ENGAGEMENT, str(POISON))
    await world.drain()
    assert await world.view.parked() == []
    assert await likers(world) == {POISON: [3], OTHER: [2, 1]}


async def test_what_follows_discarded_events_is_not_parked_behind_them(world: World) -> None:
    """Though the step has not looked since who is parked."""
    cure = poisoned(world)
    await world.append(acts(*TOLD))
    await world.drain()
    given_up: list[Folded[LikeSet]] = [
        Folded(event.partition, event.offset, event.event_id, event.key)
        for event in await world.view.parked()
    ]
    await world.view.release(ENGAGEMENT, str(POISON), given_up)
    cure.cured = True
    await world.append(acts(("like", 4, POISON)))
    await world.step.apply(await world.log.read((ENGAGEMENT, 0), 5, 1))
    assert await likers(world) == {POISON: [4], OTHER: [2, 1]}
    assert await world.view.parked() == []


async def test_it_tells_what_it_has_done(world: World) -> None:
    poisoned(world)
    await world.append(acts(*TOLD))
    await world.step.open()
    await world.step.apply(await world.log.read((ENGAGEMENT, 0), 2, 1))
    tally = world.step.tally
    assert (tally.events_count, tally.parked_count, tally.gap_events_count) == (3, 1, 2)
    assert (sum(tally.writes.counts), tally.waits_count, world.step.parked_keys_count) == (2, 0, 1)
    await world.drain()
    assert (tally.events_count, tally.parked_count, tally.gap_events_count) == (5, 3, 2)
    assert world.step.ends == {(ENGAGEMENT, 0): 4}


async def test_a_crash_during_a_retry_leaves_the_key_parked_and_the_retry_asked_for(world: World) -> None:
    cure = poisoned(world)
    await world.append(acts(*TOLD))
    await world.drain()
    await world.view.ask_retry(ENGAGEMENT, str(POISON))
    cure.cured = True
    world.fuse.arm("release.before_commit", 0)
    with pytest.raises(DiedError):
        await world.drain()
    await world.open()
    assert [event.retry for event in await world.view.parked()] == [True, True, True]
    await world.drain()
    assert (await likers(world))[POISON] == [3]
    assert await world.view.parked() == []


async def test_an_unreadable_record_is_parked(world: World) -> None:
    good = [await world.record(event) for event in acts(*TOLD)]
    bad = [replace(good[1], value=b"{"), replace(good[2], type="post.loved"), replace(good[3], version=9)]
    await world.log.append([good[0], *bad])
    await world.drain()
    reasons = [event.reason for event in await world.view.parked()]
    assert reasons == [
        "JSONDecodeError: post.liked is not as its schema says",
        "unknown event post.loved version 1",
        BEHIND,
    ]
    assert await offset(world) == 3


async def test_a_store_that_cannot_take_one_event_gets_all_the_others(world: World) -> None:
    """The batch is halved until the one event is found."""
    apply = world.view.apply

    async def picky(events: Sequence[Folded[Any]]) -> None:
        if any(change.user_id == 5 for event in events for change in event.changes):
            raise StoreError("too hard")
        await apply(events)

    world.view.apply = picky  # type: ignore[method-assign]
    await world.append(acts(*(("like", user, user) for user in range(1, 12))))
    await world.drain()
    assert [(event.key, event.reason) for event in await world.view.parked()] == [
        ("5", "StoreError: cannot be applied")
    ]
    assert isinstance(world.view, SqliteLikes)
    counts = await world.view.counts(list(range(1, 12)))
    assert {post for post, count in counts.items() if count} == set(range(1, 12)) - {5}


async def test_a_store_that_is_away_is_waited_for_and_nothing_is_parked(world: World) -> None:
    apply, failures = world.view.apply, [UnavailableError("away")] * 5

    async def away(events: Sequence[Folded[Any]]) -> None:
        if failures:
            raise failures.pop()
        await apply(events)

    world.view.apply = away  # type: ignore[method-assign]
    await world.append(acts(*TOLD))
    await world.drain()
    assert await world.view.parked() == []
    assert (await likers(world))[OTHER] == [2, 1]


@pytest.mark.parametrize("part", ["positions", "parked_keys"])
async def test_a_store_that_is_away_when_asked_where_it_stands_is_waited_for(world: World, part: str) -> None:
    ask, failures = getattr(world.view, part), [UnavailableError("away")] * 2

    async def away() -> object:
        if failures:
            raise failures.pop()
        return await ask()

    setattr(world.view, part, away)
    await world.append(acts(*TOLD))
    await world.step.open()
    await world.drain()
    assert (await likers(world))[OTHER] == [2, 1]


async def test_too_many_parked_keys_stop_loudly(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_module, "PARKED_KEYS_LIMIT", 2)
    world.step.projection = replace(LIKES, project=_never)
    await world.append(acts(*(("like", 1, post) for post in (1, 2, 2, 1))))
    await world.drain()
    await world.append(acts(("like", 1, 3)))
    with pytest.raises(TooManyParkedError):
        await world.drain()
    assert await offset(world) == 3
    assert len(await world.view.parked_keys()) == 2


def _never(event: Envelope) -> Sequence[LikeSet]:
    raise ZeroDivisionError


async def test_a_view_that_went_back_in_time_gets_what_it_lacks_from_the_log(
    world: World, tmp_path: Path
) -> None:
    told = acts(*TOLD)
    await world.append(told[:2])
    await world.drain()
    ahead = world.step
    await world.append(told[2:])
    young = await _younger(world, tmp_path / "young.db")
    ahead.view = young
    await ahead.apply(await world.log.read((ENGAGEMENT, 0), 2, 99))
    assert (await young.positions())[ENGAGEMENT, 0].offset == 4
    assert [*(await young.likers(OTHER, None, 9)).items] == [2, 1]
    young.close()


async def test_a_view_that_lost_several_partitions_gets_all_of_them_while_a_gap_in_one_is_filled(
    tmp_path: Path,
) -> None:
    with closing(World(tmp_path, LIKES, SqliteLikes, partition_count=2)) as world:
        told = acts(*(("like", user, post) for user in (1, 2, 3) for post in range(1, 9)))
        await world.append(told[:8])
        await world.drain()
        stood = dict(world.step.positions)
        assert len(stood) == 2
        await world.append(told[8:])
        with closing(SqliteLikes(tmp_path / "emptied.db")) as emptied:
            world.step.view = emptied
            first, second = [await world.entries(at, stands + 1) for at, stands in sorted(stood.items())]
            await world.step.apply([*first[1:], *second])
            assert await emptied.counts(list(range(1, 9))) == dict.fromkeys(range(1, 9), 3)


async def _younger(world: World, path: Path) -> SqliteLikes:
    """The same view as it was after its first event."""
    young = SqliteLikes(path)
    entry = (await world.log.read((ENGAGEMENT, 0), 0, 1))[0]
    like = LikeSet(OTHER, 1, liked=True, at_id=entry.record.id)
    await young.apply([Folded(entry.partition, 0, entry.record.id, entry.record.key, (like,))])
    return young


async def test_a_view_that_refuses_what_begins_where_it_stands_stops_loudly(world: World) -> None:
    async def refuse(events: Sequence[Folded[Any]]) -> None:
        raise GapError("never good enough")

    world.view.apply = refuse  # type: ignore[method-assign]
    await world.append(acts(*TOLD))
    with pytest.raises(GapError):
        await world.drain()


@pytest.fixture
async def comments(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path, COMMENTS, SqliteComments, partition_count=1)
    yield made
    made.close()


async def test_a_missing_key_stops_loudly_and_parks_nothing(comments: World) -> None:
    await comments.append(Story().tell(("comment",), [(0, 0, 0, 1)]))
    comments.step._keys = _Keys({})  # type: ignore[assignment]
    with pytest.raises(KeyMissingError):
        await comments.drain()
    assert await comments.view.positions() == {}


async def test_a_wrong_key_stops_loudly_and_parks_nothing(comments: World) -> None:
    events = Story().tell(("comment",), [(0, 0, 0, 1)])
    await comments.append(events)
    comments.step._keys = _Keys({events[0].subject_id: new_key()})  # type: ignore[assignment]
    with pytest.raises(SealBrokenError):
        await comments.drain()
    assert await comments.view.positions() == {}


class _Keys:
    def __init__(self, keys: dict[int, bytes]) -> None:
        self._keys = keys

    async def get(self, user_ids: object) -> dict[int, bytes]:
        return self._keys


async def test_a_view_that_denies_that_it_was_filled_is_told_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of it went back to when it was being filled, which does not move its position."""
    told: list[str] = []
    answers = [True, False, True]

    async def filled() -> None:
        told.append("filled")

    async def is_filled() -> bool:
        return answers.pop(0)

    monkeypatch.setattr(world.step.view, "filled", filled)
    monkeypatch.setattr(world.step.view, "is_filled", is_filled)
    await world.append(acts(*TOLD))
    await world.drain()
    found = []
    for _ in range(3):
        await world.drain()
        found.append(len(told))
    assert found == [1, 2, 2]
