"""The contract of rates, counted in one process."""

from dataclasses import dataclass

import pytest

from api.rates import LocalRates
from tests.contract.rates import PassMs, RatesContract


@dataclass
class _Clock:
    now_ms: int = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now_ms

    async def pass_ms(self, ms: int) -> None:
        self.now_ms += ms


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def rates(clock: _Clock) -> LocalRates:
    return LocalRates(clock)


@pytest.fixture
def pass_ms(clock: _Clock) -> PassMs:
    return clock.pass_ms


class TestLocalRates(RatesContract):
    pass
