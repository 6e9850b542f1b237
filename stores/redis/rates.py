"""Rates in Redis, counted together by all processes: one key per window, which expires with it.

Keys are hashed: whatever a client put into one, it has one length, does not show who that is, and does not choose its
slot.
"""

from hashlib import sha256

from redis.asyncio import Redis

from stores.ports.rates import Allowance, Verdict
from stores.redis.client import Script

_HIT = Script("rates.lua")
_DIGEST_BYTES = 16


class RedisRates:
    """A request whose answer was lost was counted."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def hit(self, key: str, allowance: Allowance) -> Verdict:
        digest = sha256(key.encode(errors="surrogatepass")).hexdigest()[: 2 * _DIGEST_BYTES]
        count, left_ms = await _HIT.run(self._redis, f"rates:{digest}".encode(), allowance.window_s * 1000)
        remaining = allowance.count - count
        return Verdict(remaining >= 0, allowance.count, max(0, remaining), max(1, -(-left_ms // 1000)))
