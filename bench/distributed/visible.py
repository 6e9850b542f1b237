"""From a like to its being read: put over HTTP, then the post is read with the position that the answer gave."""

from collections.abc import Iterator, Sequence
from itertools import islice

from bench.distributed.seed import READ
from bench.distributed.system import System
from bench.load import Plan
from bench.measured import Measured
from bench.seed import Seeded
from bench.servers import CONNECTIONS, Server, bearer, generated, request

_RATES = (20.0, 50.0)
_WAITED_FOR = ("likes", "comments", "saves")
"""What reads the topic of likes among what a post is read from; the others stand at the end of theirs."""


def measure(
    system: System, seeded: Seeded, tokens: Sequence[str], rounds: int, seconds: float
) -> list[Measured]:
    """Each request twice: what puts the like, and what reads the post. Nobody likes a post twice."""
    assert set(_WAITED_FOR) <= set(READ)
    with system.working(*_WAITED_FOR), system.serving() as server:
        posts = iter([post_id for post_id, _ in seeded.posts])
        # workers and a server that were just started open connections, and Cassandra compiles what it is asked
        _load(server, _requests(posts, tokens, int(_RATES[0] * seconds)), seconds, _RATES[0])
        results = {
            rate: [
                _load(server, _requests(posts, tokens, int(rate * seconds)), seconds, rate)
                for _ in range(rounds)
            ]
            for rate in _RATES
        }
    return [each for rate in _RATES for each in _measured(f"like to visible, {rate:.0f}/s", results[rate])]


def _load(server: Server, requests: list[str], seconds: float, rate: float) -> dict[str, float]:
    plan = Plan("127.0.0.1", server.port, requests, CONNECTIONS, seconds, rate)
    return generated("bench/distributed/visible_load.py", plan)


def _measured(what: str, results: Sequence[dict[str, float]]) -> list[Measured]:
    return [
        Measured(f"{what}, p50", "ms", [result["p50_ms"] for result in results]),
        Measured(f"{what}, p99", "ms", [result["p99_ms"] for result in results], aim="under 250 ms"),
    ]


def _requests(posts: Iterator[int], tokens: Sequence[str], count: int) -> list[str]:
    """Takes so many of the posts."""
    pairs = [
        (
            request("PUT", f"/v1/posts/{post_id}/like", bearer(tokens[n % len(tokens)])),
            request("GET", f"/v1/posts/{post_id}", bearer(tokens[n % len(tokens)])),
        )
        for n, post_id in enumerate(islice(posts, count))
    ]
    return [one for pair in pairs for one in pair]
