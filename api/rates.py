"""Rate limits: how many requests of a class an account, or without one an address, may make in a window.

`RateLimiter` is what the pipeline asks; `LocalRates` answers it for one process. This is the only module that
knows the `limits` library. Its own memory storage is not used: that starts a thread (or a task) every few
requests and looks through all keys in it.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

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


@dataclass(frozen=True, slots=True)
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


class LocalRates:
    """Fixed windows in this process's memory; other processes count for themselves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._storage = _Windows(clock)
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._items: dict[Allowance, RateLimitItem] = {}

    async def hit(self, key: str, allowance: Allowance) -> Verdict:
        item = self._items.get(allowance)
        if item is None:
            item = self._items[allowance] = RateLimitItemPerSecond(allowance.count, allowance.window_s)
        allowed = self._limiter.hit(item, key)
        stats = self._limiter.get_window_stats(item, key)
        left_s = math.ceil(stats.reset_time - self._clock() / 1000)
        return Verdict(allowed, allowance.count, stats.remaining, max(1, left_s))


class _Windows(Storage):
    """Counts by key until their window ends. What has ended is swept out every `SWEEP_EVERY` new windows, so
    that the work and the memory stay in proportion to the clients of one window.
    """

    STORAGE_SCHEME = None
    SWEEP_EVERY = 10_000

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._open: dict[str, tuple[int, float]] = {}
        self._opened_count = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now_s = self._clock() / 1000
        count, ends_s = self._open.get(key, (0, 0.0))
        if ends_s <= now_s:
            count, ends_s = 0, now_s + expiry
            self._count_opened(now_s)
        self._open[key] = (count + amount, ends_s)
        return count + amount

    def get(self, key: str) -> int:
        count, ends_s = self._open.get(key, (0, 0.0))
        return count if ends_s > self._clock() / 1000 else 0

    def get_expiry(self, key: str) -> float:
        return self._open.get(key, (0, 0.0))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        count = len(self._open)
        self._open.clear()
        return count

    def clear(self, key: str) -> None:
        self._open.pop(key, None)

    def _count_opened(self, now_s: float) -> None:
        self._opened_count += 1
        if self._opened_count % self.SWEEP_EVERY == 0:
            self._open = {key: window for key, window in self._open.items() if window[1] > now_s}
