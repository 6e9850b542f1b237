"""The contract of `stores.ports.view`, for every view of every adapter.

An adapter's test file gives
- `open_view(crash)`: the first call opens an empty view, each other one the same view anew, as the next process would,
- `open_other(crash)`: the same for a second view of the projection,
- `events`: folded events that one partition may hold, from offset 0 on, several of which change something,
- `read`: everything that a view holds, for comparison,
- `subject` and `told`: the projection, and the events before they were folded.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from api.feeds import skeleton
from events.envelope import Envelope
from replay.subjects.catalogue import judged
from replay.subjects.subject import Entity, Piece, Told
from stores.ports.crash import Crash, CrashPoint, survive
from stores.ports.view import Folded, GapError, ParkedEvent, Position, View
from tests.property.subjects import Subject

OpenView = Callable[[Crash], View[Any]]
Read = Callable[[View[Any]], Awaitable[object]]
Events = Sequence[Folded[Any]]

OTHER = ("photolog.other", 3)
"""A second partition."""

APPLY_POINTS: tuple[CrashPoint, ...] = ("view.before_position", "view.before_commit", "view.after_commit")


class DiedError(BaseException):
    """The process died."""


def dying_at(point: CrashPoint) -> Crash:
    def crash(passed: CrashPoint) -> None:
        if passed == point:
            raise DiedError(point)

    return crash


def parked(event: Folded[Any], reason: str = "broken") -> Folded[Any]:
    return replace(event, changes=(), parked=reason)


def nothing(offset: int) -> Folded[Any]:
    """An event of the second partition that changes nothing."""
    return Folded(OTHER, offset, 900 + offset, "a")


def keyed(event: Folded[Any], key: str) -> Folded[Any]:
    return replace(event, key=key)


async def held(view: Any) -> set[Entity]:
    """Looked through as by somebody who judges it."""
    with view.answering():
        return {(kind, key) async for some in view.held() for kind, key, _ in some}


class ViewContract:
    @pytest.fixture
    def view(self, open_view: OpenView) -> View[Any]:
        return open_view(survive)

    @pytest.fixture
    def left(self, subject: Subject, told: Sequence[Envelope]) -> set[Entity]:
        """Everything of which the events leave something."""
        judge = judged(subject.projection.name, skeleton).begin()
        pieces: dict[Entity, list[Piece]] = {}
        for entity, piece in judge.facts(Told(told, {event.id: ("any", 0, 0) for event in told})):
            pieces.setdefault(entity, []).append(piece)
        nameless = ("list", "claimed")
        return {
            entity
            for entity, mine in pieces.items()
            if entity != nameless and judge.value(entity, mine) != judge.value(entity, ())
        }

    async def test_everything_of_which_something_is_left_is_held(
        self, view: View[Any], open_other: OpenView, events: Events, left: set[Entity]
    ) -> None:
        other = open_other(survive)
        assert await held(view) == set()
        await view.apply(events)
        assert left
        assert left <= await held(view)
        assert await held(other) == set()

    async def test_a_view_that_is_whole_has_no_damage(self, view: Any, events: Events) -> None:
        await view.apply(events)
        assert list(await view.damage()) == []

    async def test_a_new_view_stands_nowhere(self, view: View[Any]) -> None:
        assert await view.positions() == {}
        assert list(await view.parked_keys()) == []
        assert list(await view.parked()) == []

    async def test_stands_at_the_last_event_of_each_partition(self, view: View[Any], events: Events) -> None:
        (here, last) = (events[0].partition, events[-1])
        other = [nothing(0), nothing(1)]
        await view.apply([*events, *other])
        assert await view.positions() == {here: Position(last.offset, last.event_id), OTHER: Position(1, 901)}

    async def test_stands_there_after_the_process_died(
        self, open_view: OpenView, events: Events, read: Read
    ) -> None:
        before = open_view(survive)
        await before.apply(events)
        held = await read(before)
        after = open_view(survive)
        assert await after.positions() == {
            events[0].partition: Position(events[-1].offset, events[-1].event_id)
        }
        assert await read(after) == held

    async def test_applying_again_changes_nothing(self, view: View[Any], events: Events, read: Read) -> None:
        await view.apply(events)
        held = await read(view)
        for again in (events, events[:1], events[-2:], events[: len(events) // 2]):
            await view.apply(again)
            assert await read(view) == held
            assert (await view.positions())[events[0].partition].offset == events[-1].offset

    async def test_what_overlaps_is_applied_from_where_the_view_stands(
        self, view: View[Any], events: Events, read: Read, open_other: OpenView
    ) -> None:
        await view.apply(events[: len(events) // 2])
        await view.apply(events)
        whole = open_other(survive)
        await whole.apply(events)
        assert await read(view) == await read(whole)
        assert await view.positions() == await whole.positions()

    async def test_it_does_not_matter_how_events_are_batched(
        self, view: View[Any], events: Events, read: Read, open_other: OpenView
    ) -> None:
        await view.apply(events)
        one_by_one = open_other(survive)
        for event in events:
            await one_by_one.apply([event])
        assert await read(one_by_one) == await read(view)

    async def test_a_gap_is_refused_and_nothing_changes(
        self, view: View[Any], events: Events, read: Read
    ) -> None:
        empty = await read(view)
        with pytest.raises(GapError):
            await view.apply(events[1:])
        assert await read(view) == empty
        await view.apply(events[:1])
        held = await read(view)
        with pytest.raises(GapError):
            await view.apply(events[2:])
        with pytest.raises(GapError):
            await view.apply([events[1], *events[3:]])
        assert await read(view) == held
        assert (await view.positions())[events[0].partition].offset == 0

    async def test_a_gap_in_one_partition_leaves_the_others_of_the_write_alone(
        self, view: View[Any], events: Events, read: Read
    ) -> None:
        empty = await read(view)
        with pytest.raises(GapError):
            await view.apply([*events, nothing(1)])
        assert await read(view) == empty
        assert await view.positions() == {}

    async def test_events_that_change_nothing_advance_it(self, view: View[Any], read: Read) -> None:
        empty = await read(view)
        await view.apply([nothing(n) for n in range(3)])
        assert await view.positions() == {OTHER: Position(2, 902)}
        assert await read(view) == empty

    async def test_being_filled_changes_nothing_that_was_applied(
        self, view: View[Any], events: Events, read: Read
    ) -> None:
        await view.apply(events)
        held, stands = await read(view), await view.positions()
        await view.filled()
        await view.filled()
        assert await read(view) == held
        assert await view.positions() == stands

    async def test_no_events_are_nothing(self, view: View[Any]) -> None:
        await view.apply([])
        assert await view.positions() == {}

    async def test_a_parked_event_is_kept_with_its_reason_and_passed(
        self, view: View[Any], events: Events, read: Read
    ) -> None:
        empty = await read(view)
        first, second = keyed(parked(events[0]), "a"), keyed(parked(events[1], "behind"), "a")
        await view.apply([first, second, parked(nothing(0), "too")])
        topic = events[0].partition[0]
        assert sorted(await view.parked(), key=lambda event: event.event_id) == sorted(
            [
                ParkedEvent(OTHER, 0, 900, "a", "too", retry=False),
                ParkedEvent(first.partition, 0, first.event_id, "a", "broken", retry=False),
                ParkedEvent(second.partition, 1, second.event_id, "a", "behind", retry=False),
            ],
            key=lambda event: event.event_id,
        )
        assert set(await view.parked_keys()) == {(topic, "a"), (OTHER[0], "a")}
        assert (await view.positions())[events[0].partition] == Position(1, events[1].event_id)
        assert await read(view) == empty

    async def test_parking_again_changes_nothing(self, view: View[Any], events: Events) -> None:
        await view.apply([parked(events[0])])
        await view.apply([parked(events[0], "another reason")])
        assert [event.reason for event in await view.parked()] == ["broken"]

    async def test_parked_events_survive_the_process(self, open_view: OpenView, events: Events) -> None:
        await open_view(survive).apply([parked(events[0])])
        assert [event.offset for event in await open_view(survive).parked()] == [0]

    async def test_a_retry_is_asked_for_a_key(self, view: View[Any], events: Events) -> None:
        topic = events[0].partition[0]
        keys = ["a", "b", "a"]
        await view.apply([keyed(parked(event), key) for event, key in zip(events, keys, strict=False)])
        await view.ask_retry(topic, "a")
        await view.ask_retry(topic, "nobody")
        await view.ask_retry(OTHER[0], "b")
        assert [(event.key, event.retry) for event in await view.parked()] == [
            ("a", True),
            ("b", False),
            ("a", True),
        ]
        assert set(await view.asked()) == {(topic, "a")}

    async def test_what_becomes_of_parked_events_is_seen_by_whoever_has_looked_before(
        self, open_view: OpenView, events: Events
    ) -> None:
        """The projector looks every second, operators' commands and other projectors change what it sees."""
        projector, other = open_view(survive), open_view(survive)
        topic = events[0].partition[0]

        async def seen() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
            return set(await projector.parked_keys()), set(await projector.asked())

        assert await seen() == (set(), set())
        await other.apply([keyed(parked(events[0]), "a")])
        assert await seen() == ({(topic, "a")}, set())
        await other.apply([keyed(parked(events[1]), "b")])
        assert await seen() == ({(topic, "a"), (topic, "b")}, set())
        await other.ask_retry(topic, "b")
        assert await seen() == ({(topic, "a"), (topic, "b")}, {(topic, "b")})
        await other.refuse_retry(topic, "b", "still broken")
        assert await seen() == ({(topic, "a"), (topic, "b")}, set())
        await other.release(topic, "a", [replace(keyed(events[0], "a"), changes=())])
        assert await seen() == ({(topic, "b")}, set())

    async def test_what_is_parked_behind_what_was_just_released_is_seen(
        self, open_view: OpenView, events: Events
    ) -> None:
        """The projector did not know of the release yet; somebody else has looked in between."""
        projector, operator, reader = (open_view(survive) for _ in range(3))
        topic = events[0].partition[0]
        await projector.apply([keyed(parked(events[0]), "a")])
        assert set(await projector.parked_keys()) == {(topic, "a")}
        await operator.release(topic, "a", [replace(keyed(events[0], "a"), changes=())])
        assert set(await reader.parked_keys()) == set()
        await projector.apply([keyed(parked(events[1], "behind"), "a")])
        assert set(await reader.parked_keys()) == {(topic, "a")}

    async def test_a_refused_retry_keeps_the_events_with_the_new_reason(
        self, view: View[Any], events: Events
    ) -> None:
        topic = events[0].partition[0]
        await view.apply([keyed(parked(event), key) for event, key in zip(events, "aba", strict=False)])
        await view.ask_retry(topic, "a")
        await view.refuse_retry(topic, "a", "still broken")
        assert [(event.key, event.retry, event.reason) for event in await view.parked()] == [
            ("a", False, "still broken"),
            ("b", False, "broken"),
            ("a", False, "still broken"),
        ]
        assert list(await view.asked()) == []

    async def test_releasing_applies_a_key_and_forgets_that_it_was_parked(
        self, view: View[Any], events: Events, read: Read, open_other: OpenView
    ) -> None:
        topic = events[0].partition[0]
        await view.apply([keyed(parked(event), "a") for event in events])
        await view.apply([parked(nothing(0))])
        await view.release(topic, "a", events)
        assert [event.partition for event in await view.parked()] == [OTHER]
        assert set(await view.parked_keys()) == {(OTHER[0], "a")}
        assert (await view.positions())[events[0].partition].offset == events[-1].offset
        never_parked = open_other(survive)
        await never_parked.apply(events)
        assert await read(view) == await read(never_parked)

    async def test_releasing_events_without_their_changes_forgets_them(
        self, view: View[Any], events: Events, read: Read
    ) -> None:
        topic = events[0].partition[0]
        await view.apply([keyed(parked(event), "a") for event in events])
        held = await read(view)
        await view.release(topic, "a", [replace(keyed(event, "a"), changes=()) for event in events])
        assert await view.parked() == []
        assert list(await view.parked_keys()) == []
        assert await read(view) == held
        assert (await view.positions())[events[0].partition].offset == events[-1].offset

    async def test_what_is_not_released_stays_parked(self, view: View[Any], events: Events) -> None:
        topic = events[0].partition[0]
        await view.apply([keyed(parked(event), "a") for event in events[:3]])
        await view.release(topic, "a", [])
        assert [event.offset for event in await view.parked()] == [0, 1, 2]
        await view.release(topic, "a", [replace(keyed(events[1], "a"), changes=())])
        assert [event.offset for event in await view.parked()] == [0, 2]
        assert list(await view.parked_keys()) == [(topic, "a")]

    @pytest.mark.parametrize("point", APPLY_POINTS)
    async def test_a_crash_while_applying_leaves_nothing_half(
        self, open_view: OpenView, events: Events, read: Read, open_other: OpenView, point: CrashPoint
    ) -> None:
        half = len(events) // 2
        await open_view(survive).apply(events[:half])
        with pytest.raises(DiedError):
            await open_view(dying_at(point)).apply(events[half:])
        again = open_view(survive)
        stands = (await again.positions())[events[0].partition].offset
        await again.apply(events[stands + 1 :])
        whole = open_other(survive)
        await whole.apply(events)
        assert await read(again) == await read(whole)
        assert await again.positions() == await whole.positions()

    async def test_a_crash_while_releasing_leaves_the_key_parked(
        self, open_view: OpenView, events: Events, read: Read, open_other: OpenView
    ) -> None:
        topic = events[0].partition[0]
        await open_view(survive).apply([keyed(parked(event), "a") for event in events])
        with pytest.raises(DiedError):
            await open_view(dying_at("release.before_commit")).release(topic, "a", events)
        again = open_view(survive)
        assert set(await again.parked_keys()) == {(topic, "a")}
        await again.release(topic, "a", events)
        assert await again.parked() == []
        whole = open_other(survive)
        await whole.apply(events)
        assert await read(again) == await read(whole)
