"""The contract of `stores.ports.rates`, for every adapter.

An adapter's test file gives `rates`, and `pass_ms`, which lets so much time pass for them.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from stores.ports.rates import Allowance, Rates

PassMs = Callable[[int], Awaitable[None]]
TWO = Allowance(2, 60)


class RatesContract:
    async def test_so_many_are_allowed(self, rates: Rates) -> None:
        verdicts = [await rates.hit("read:7", TWO) for _ in range(4)]
        assert [verdict.allowed for verdict in verdicts] == [True, True, False, False]
        assert [verdict.remaining for verdict in verdicts] == [1, 0, 0, 0]
        assert {verdict.count for verdict in verdicts} == {2}
        assert {verdict.reset_s for verdict in verdicts} <= {59, 60}

    async def test_each_key_counts_for_itself(self, rates: Rates) -> None:
        for key in ("read:7", "read:8", "write:7", "read@192.0.2.7"):
            assert (await rates.hit(key, TWO)).remaining == 1

    async def test_a_window_begins_with_the_first_request_and_ends(
        self, rates: Rates, pass_ms: PassMs
    ) -> None:
        await rates.hit("read:7", TWO)
        await pass_ms(40_000)
        assert (await rates.hit("read:7", TWO)).reset_s in {19, 20}
        assert not (await rates.hit("read:7", TWO)).allowed  # and does not begin it anew
        await pass_ms(20_000)
        again = await rates.hit("read:7", TWO)
        assert again.allowed
        assert again.remaining == 1
        assert again.reset_s in {59, 60}

    async def test_the_end_of_a_window_is_in_the_future(self, rates: Rates, pass_ms: PassMs) -> None:
        await rates.hit("read:7", TWO)
        await pass_ms(59_500)
        assert (await rates.hit("read:7", TWO)).reset_s == 1

    async def test_of_many_at_once_so_many_are_allowed(self, rates: Rates) -> None:
        verdicts = await asyncio.gather(*(rates.hit("login@a", Allowance(7, 60)) for _ in range(20)))
        assert sum(verdict.allowed for verdict in verdicts) == 7

    @pytest.mark.parametrize("key", ["", "x" * 100_000, "a b\r\nc\0", "{a}", "ü🔑", "\udcff"])
    async def test_a_key_may_be_anything(self, rates: Rates, key: str) -> None:
        assert (await rates.hit(key, TWO)).remaining == 1
        assert (await rates.hit(key, TWO)).remaining == 0
        assert (await rates.hit(f"{key}.", TWO)).remaining == 1
