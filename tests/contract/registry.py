"""The contract of `stores.ports.registry`, for every adapter.

An adapter's test file gives `open_registry`, which opens the same registry anew each time, as another process would.
"""

import asyncio
from collections.abc import Callable

import pytest

from events.codec import Record
from stores.ports.registry import FED, Generation, NotReadyError, Registry, State
from tests.contract.log import record

OpenRegistry = Callable[[], Registry]


async def live(registry: Registry, projection: str = "likes") -> list[int]:
    return [g.number for g in await registry.generations() if (g.projection, g.state) == (projection, "live")]


async def noted(registry: Registry) -> list[tuple[str, int, Record]]:
    return [(note.projection, note.number, note.record) for note in await registry.notes()]


class RegistryContract:
    @pytest.fixture
    def registry(self, open_registry: OpenRegistry) -> Registry:
        return open_registry()

    async def test_an_empty_registry_has_no_generations(self, registry: Registry) -> None:
        assert list(await registry.generations()) == []

    async def test_the_first_generation_is_live_at_once_and_the_next_is_being_built(
        self, registry: Registry
    ) -> None:
        assert await registry.begin("likes", 1) == Generation("likes", 1, 1, "live")
        assert await registry.begin("likes", 2) == Generation("likes", 2, 2, "building")
        assert await registry.begin("saves", 1) == Generation("saves", 1, 1, "live")
        assert [(g.projection, g.number) for g in await registry.generations()] == [
            ("likes", 1),
            ("likes", 2),
            ("saves", 1),
        ]

    async def test_the_registry_survives_the_process(self, open_registry: OpenRegistry) -> None:
        await open_registry().begin("likes", 1)
        assert await open_registry().generations() == [Generation("likes", 1, 1, "live")]

    async def test_a_switch_makes_one_live_and_keeps_the_other_to_go_back_to(
        self, registry: Registry
    ) -> None:
        await self._two(registry)
        assert await registry.switch("likes", 1, 2, record())
        states = {g.number: g.state for g in await registry.generations()}
        assert states == {1: "replaced", 2: "live"}

    async def test_a_switch_can_be_taken_back(self, registry: Registry) -> None:
        await self._two(registry)
        assert await registry.switch("likes", 1, 2, record())
        assert await registry.switch("likes", 2, 1, record(id_=2))
        assert await live(registry) == [1]

    async def test_a_switch_from_what_is_not_live_changes_nothing(self, registry: Registry) -> None:
        await self._two(registry)
        before = await registry.generations()
        assert not await registry.switch("likes", 2, 1, record())
        assert not await registry.switch("likes", 9, 2, record())
        assert not await registry.switch("nothing", 1, 2, record())
        assert await registry.generations() == before

    @pytest.mark.parametrize("to_number", [3, 9])
    async def test_a_switch_to_what_is_not_ready_is_refused_and_changes_nothing(
        self, registry: Registry, to_number: int
    ) -> None:
        await self._two(registry)
        await registry.begin("likes", 1)
        with pytest.raises(NotReadyError):
            await registry.switch("likes", 1, to_number, record())
        assert await live(registry) == [1]

    async def test_of_two_switches_at_once_one_wins(self, open_registry: OpenRegistry) -> None:
        await self._two(open_registry())
        third = await open_registry().begin("likes", 1)
        await open_registry().mark("likes", third.number, "ready")
        won = await asyncio.gather(
            *(open_registry().switch("likes", 1, number, record(id_=number)) for number in (2, 3))
        )
        assert sorted(won) == [False, True]
        assert await live(open_registry()) == [2 + won.index(True)]

    async def test_marking_leaves_the_live_one_alone(self, registry: Registry) -> None:
        await self._two(registry)
        assert not await registry.mark("likes", 1, "broken", record(id_=1))
        assert await registry.mark("likes", 2, "broken", record(id_=2))
        assert {g.number: g.state for g in await registry.generations()} == {1: "live", 2: "broken"}
        assert await noted(registry) == [("likes", 2, record(id_=2))]

    @pytest.mark.parametrize("given_up", ["retired", "broken"])
    async def test_what_was_given_up_does_not_become_ready(self, registry: Registry, given_up: State) -> None:
        await registry.begin("likes", 1)
        await registry.begin("likes", 1)
        assert await registry.mark("likes", 2, given_up)
        assert not await registry.mark("likes", 2, "ready")
        assert {g.number: g.state for g in await registry.generations()} == {1: "live", 2: given_up}

    async def test_numbers_are_never_used_again(self, registry: Registry) -> None:
        await self._two(registry)
        await registry.mark("likes", 2, "retired")
        assert (await registry.begin("likes", 1)).number == 3

    @pytest.mark.parametrize("state", ["retired", "broken"])
    async def test_what_was_dropped_is_forgotten_but_for_its_number(
        self, open_registry: OpenRegistry, state: State
    ) -> None:
        registry = open_registry()
        await self._two(registry)
        await registry.mark("likes", 2, state)
        assert await registry.drop("likes", 2, record())
        assert not await registry.drop("likes", 2, record(id_=2))
        assert not await registry.mark("likes", 2, "ready")
        assert [g.number for g in await open_registry().generations()] == [1]
        assert await noted(open_registry()) == [("likes", 2, record())]
        assert (await open_registry().begin("likes", 1)).number == 3

    @pytest.mark.parametrize("state", [*sorted(FED), "building"])
    async def test_what_is_fed_or_built_is_not_dropped(self, registry: Registry, state: State) -> None:
        await self._two(registry)
        if state == "live":
            await registry.switch("likes", 1, 2, record(id_=9))
        else:
            await registry.mark("likes", 2, state)
        before = await registry.generations()
        assert not await registry.drop("likes", 2, record())
        assert await registry.generations() == before
        assert ("likes", 2, record()) not in await noted(registry)

    async def test_a_switch_is_noted_with_it_and_one_that_failed_is_not(
        self, open_registry: OpenRegistry
    ) -> None:
        registry, full = open_registry(), record("ké", value=b'{"by":"x"}', id_=2**62)
        await self._two(registry)
        assert await registry.switch("likes", 1, 2, full)
        assert not await registry.switch("likes", 1, 2, record(id_=8))
        with pytest.raises(NotReadyError):
            await registry.switch("likes", 2, 9, record(id_=9))
        assert await noted(open_registry()) == [("likes", 2, full)]

    async def test_notes_are_kept_in_order_until_they_are_forgotten(
        self, open_registry: OpenRegistry
    ) -> None:
        registry = open_registry()
        await self._two(registry)
        for number, id_ in ((2, 30), (1, 10), (1, 20)):
            await registry.note("likes", number, record(id_=id_))
        first, second, third = await open_registry().notes()
        assert [note.record.id for note in (first, second, third)] == [10, 20, 30]
        await registry.forget(second)
        await registry.forget(second)
        assert await open_registry().notes() == [first, third]

    async def _two(self, registry: Registry) -> None:
        """The first generation live, the second ready."""
        await registry.begin("likes", 1)
        await registry.begin("likes", 1)
        await registry.mark("likes", 2, "ready")
