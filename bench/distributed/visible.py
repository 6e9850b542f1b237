"""From a like to its being read: put over HTTP, then the post is read with the position that the answer gave."""

from collections.abc import Sequence

from bench.distributed.seed import READ
from bench.distributed.system import System
from bench.load import Plan
from bench.measured import Measured
from bench.seed import Seeded
from bench.servers import CONNECTIONS, bearer, generated, request

_RATE = 50.0
_WAITED_FOR = ("likes", "comments", "saves")
"""What reads the topic of likes among what a post is read from; the others stand at the end of theirs."""


def measure(
    system: System, seeded: Seeded, tokens: Sequence[str], rounds: int, seconds: float
) -> list[Measured]:
    """Each request twice: what puts the like, and what reads the post. Nobody likes a post twice."""
    assert set(_WAITED_FOR) <= set(READ)
    results = []
    with system.working(*_WAITED_FOR), system.serving() as server:
        for number in range(rounds):
            plan = Plan(
                "127.0.0.1",
                server.port,
                _requests(seeded, tokens, number, int(_RATE * seconds)),
                CONNECTIONS,
                seconds,
                _RATE,
            )
            results.append(generated("bench/distributed/visible_load.py", plan))
    what = f"like to visible, {_RATE:.0f}/s"
    return [
        Measured(f"{what}, p50", "ms", [result["p50_ms"] for result in results]),
        Measured(f"{what}, p99", "ms", [result["p99_ms"] for result in results], aim="under 250 ms"),
    ]


def _requests(seeded: Seeded, tokens: Sequence[str], number: int, count: int) -> list[str]:
    posts = [post_id for post_id, _ in seeded.posts[number * count : (number + 1) * count]]
    pairs = [
        (
            request("PUT", f"/v1/posts/{post_id}/like", bearer(tokens[n % len(tokens)])),
            request("GET", f"/v1/posts/{post_id}", bearer(tokens[n % len(tokens)])),
        )
        for n, post_id in enumerate(posts)
    ]
    return [one for pair in pairs for one in pair]
