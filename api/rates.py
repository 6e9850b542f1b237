"""Rate limits: how many requests of a class an account, or without one an address, may make in a window, and what becomes of the
limits when the store that all processes share is away.
"""

import asyncio
from dataclasses import dataclass

import structlog

from api.addresses import limited_as
from api.routes import RateClass
from events.ids import Clock
from stores.ports.errors import UnavailableError
from stores.ports.rates import Allowance, Rates, Verdict

_PATIENCE_S = 0.25
_PAUSE_S = 1.0
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Reads and writes count per account, without one per address; registrations and logins always per
    address.
    """

    read: Allowance
    write: Allowance
    registration: Allowance
    login: Allowance

    def of(self, rate_class: RateClass) -> Allowance | None:
        match rate_class:
            case "read":
                return self.read
            case "write":
                return self.write
            case "registration":
                return self.registration
            case "login":
                return self.login
            case "unlimited":
                return None


def rate_key(rate_class: RateClass, account_id: int | None, address: str) -> str:
    """Whose allowance a request uses."""
    if account_id is None or rate_class in ("registration", "login"):
        return f"{rate_class}@{limited_as(address)}"
    return f"{rate_class}:{account_id}"


def rate_headers(verdict: Verdict) -> list[tuple[bytes, bytes]]:
    return [
        (b"ratelimit-limit", b"%d" % verdict.count),
        (b"ratelimit-remaining", b"%d" % verdict.remaining),
        (b"ratelimit-reset", b"%d" % verdict.reset_s),
    ]


@dataclass(slots=True)
class _Window:
    ends_ms: int
    count: int = 0


class LocalRates:
    """Fixed windows in this process's memory, each from a client's first request on; other processes count for
    themselves. What has ended is swept out every `SWEEP_EVERY` new windows, so that the work and the memory
    stay in proportion to the clients of one window. Every request asks, so an answer takes one look into a dictionary.
    """

    SWEEP_EVERY = 10_000

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, _Window] = {}
        self._opened_count = 0

    async def hit(self, key: str, allowance: Allowance) -> Verdict:
        now_ms = self._clock()
        window = self._open.get(key)
        if window is None or window.ends_ms <= now_ms:
            window = self._opened(key, now_ms, allowance)
        window.count += 1
        remaining = allowance.count - window.count
        left_s = -(-(window.ends_ms - now_ms) // 1000)
        return Verdict(remaining >= 0, allowance.count, max(0, remaining), left_s)

    def _opened(self, key: str, now_ms: int, allowance: Allowance) -> _Window:
        self._opened_count += 1
        if self._opened_count % self.SWEEP_EVERY == 0:
            self._open = {key: window for key, window in self._open.items() if window.ends_ms > now_ms}
        window = self._open[key] = _Window(now_ms + allowance.window_s * 1000)
        return window


class SharedRates:
    """Counts where all processes count. While that store is away, or slow to answer, this process counts for itself, every class:
    nobody is refused because of an outage, and guessing passwords stays limited, to so much per process. This is decided here, and
    not in the store.
    """

    def __init__(self, shared: Rates, own: Rates) -> None:
        self._shared = shared
        self._own = own
        self._paused_until_s = 0.0

    async def hit(self, key: str, allowance: Allowance) -> Verdict:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._paused_until_s:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    return await self._shared.hit(key, allowance)
            except (UnavailableError, TimeoutError) as error:
                self._paused_until_s = loop.time() + _PAUSE_S
                _logger.warning("this process counts rates for itself", error=str(error))
        return await self._own.hit(key, allowance)
