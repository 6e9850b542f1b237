"""Rate limits: how many requests of a class an account, or without one an address, may make in a window.

`RateLimiter` is what the pipeline asks; `LocalRates` answers it for one process. Every request asks, so an
answer takes one look into a dictionary.
"""

from dataclasses import dataclass
from typing import Protocol

from api.addresses import limited_as
from api.routes import RateClass
from events.ids import Clock


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests in each window."""

    count: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Reads and writes count per account, without one per address; registrations and logins always per
    address.
    """

    read: Allowance = Allowance(6000, 60)
    write: Allowance = Allowance(600, 60)
    registration: Allowance = Allowance(30, 3600)
    login: Allowance = Allowance(30, 60)

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


@dataclass(slots=True)
class Verdict:
    allowed: bool
    count: int
    remaining: int
    reset_s: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"ratelimit-limit", b"%d" % self.count),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset_s),
        ]


class RateLimiter(Protocol):
    async def hit(self, key: str, allowance: Allowance) -> Verdict:
        """Count one request; `reset_s` is the time until the window ends, at least 1."""


@dataclass(slots=True)
class _Window:
    ends_ms: int
    count: int = 0


class LocalRates:
    """Fixed windows in this process's memory, each from a client's first request on; other processes count for
    themselves. What has ended is swept out every `SWEEP_EVERY` new windows, so that the work and the memory
    stay in proportion to the clients of one window.
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
