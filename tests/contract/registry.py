"""The contract of `stores.ports.registry`, for every adapter.

An adapter's test file gives `open_registry`, which opens the same registry anew each time, as another process would.
"""

import asyncio
from collections.abc import Callable

import pytest

from stores.ports.registry import Generation, NotReadyError, Registry

OpenRegistry = Callable[[], Registry]


async def live(registry: Registry, projection: str = "likes") -> list[int]:
    return [g.number for g in await registry.generations() if (g.projection, g.state) == (projection, "live")]


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

    async def test_a_switch_makes_one_live_and_keeps_the_other_ready(self, registry: Registry) -> None:
        await self._two(registry)
        assert await registry.switch("likes", 1, 2)
        states = {g.number: g.state for g in await registry.generations()}
        assert states == {1: "ready", 2: "live"}

    async def test_a_switch_can_be_taken_back(self, registry: Registry) -> None:
        await self._two(registry)
        assert await registry.switch("likes", 1, 2)
        assert await registry.switch("likes", 2, 1)
        assert await live(registry) == [1]

    async def test_a_switch_from_what_is_not_live_changes_nothing(self, registry: Registry) -> None:
        await self._two(registry)
        before = await registry.generations()
        assert not await registry.switch("likes", 2, 1)
        assert not await registry.switch("likes", 9, 2)
        assert not await registry.switch("nothing", 1, 2)
        assert await registry.generations() == before

    @pytest.mark.parametrize("to_number", [3, 9])
    async def test_a_switch_to_what_is_not_ready_is_refused_and_changes_nothing(
        self, registry: Registry, to_number: int
    ) -> None:
        await self._two(registry)
        await registry.begin("likes", 1)
        with pytest.raises(NotReadyError):
            await registry.switch("likes", 1, to_number)
        assert await live(registry) == [1]

    async def test_of_two_switches_at_once_one_wins(self, open_registry: OpenRegistry) -> None:
        await self._two(open_registry())
        third = await open_registry().begin("likes", 1)
        await open_registry().mark("likes", third.number, "ready")
        won = await asyncio.gather(*(open_registry().switch("likes", 1, number) for number in (2, 3)))
        assert sorted(won) == [False, True]
        assert await live(open_registry()) == [2 + won.index(True)]

    async def test_marking_leaves_the_live_one_alone(self, registry: Registry) -> None:
        await self._two(registry)
        await registry.mark("likes", 1, "broken")
        await registry.mark("likes", 2, "broken")
        assert {g.number: g.state for g in await registry.generations()} == {1: "live", 2: "broken"}

    async def test_numbers_are_never_used_again(self, registry: Registry) -> None:
        await self._two(registry)
        await registry.mark("likes", 2, "retired")
        assert (await registry.begin("likes", 1)).number == 3

    async def _two(self, registry: Registry) -> None:
        """The first generation live, the second ready."""
        await registry.begin("likes", 1)
        await registry.begin("likes", 1)
        await registry.mark("likes", 2, "ready")
