"""Counting requests against what is allowed. Whose requests count together is said by a key, which means nothing here; who
sends a request, and what happens to one that is refused, is not known either.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests in each window."""

    count: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`count` is the allowance, `remaining` what is left of it after this request, `reset_s` the time until the window ends, at
    least 1.
    """

    allowed: bool
    count: int
    remaining: int
    reset_s: int


class Rates(Protocol):
    """A window begins with the first request of its key and has a fixed length, whatever is asked meanwhile; the next request after
    its end begins another.
    """

    async def hit(self, key: str, allowance: Allowance) -> Verdict:
        """Count one request, also one that is refused. Each key always comes with the same allowance. Of requests at once, so many
        are allowed as one after the other. Raises UnavailableError; the request may have been counted then.
        """
