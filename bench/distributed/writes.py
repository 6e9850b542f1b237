"""Accepted writes: likes over HTTP, each answered when the log has acknowledged it, against the bare producer."""

import asyncio
import sys
from collections.abc import Sequence

from bench.distributed import bare
from bench.distributed.system import System
from bench.measured import Measured
from bench.seed import Seeded
from bench.servers import CONNECTIONS, Server, bearer, load, request

_POSTS_COUNT = 1_000


def measure(
    system: System, seeded: Seeded, tokens: Sequence[str], rounds: int, seconds: float
) -> list[Measured]:
    """No worker runs: nobody takes the processor from either side."""
    likes = [
        request("PUT", f"/v1/posts/{post_id}/like", bearer(tokens[n % len(tokens)]))
        for n, (post_id, _) in enumerate(seeded.posts[-_POSTS_COUNT:])
    ]
    post = [request("POST", "/write", {"Content-Length": "2"}, b"{}")]
    command = [sys.executable, "-m", bare.__name__, system.kafka, system.bare_topic]
    ours, posts, appends = [], [], []
    with system.serving() as server, Server(command) as limit:
        for _ in range(rounds):
            alone = bare.appends_per_second(system.kafka, system.bare_topic, CONNECTIONS, seconds)
            appends.append(asyncio.run(alone))
            posts.append(load(limit.port, post, seconds)["per_second"])
            ours.append(load(server.port, likes, seconds)["per_second"])
        memory = Measured("memory of an API process after its writes", "MiB", [server.memory_mib()])
    what = f"accepted writes (like), {CONNECTIONS} at once"
    return [
        Measured(what, "writes/s", ours, "Starlette, bare POST that appends", posts, "70 %"),
        Measured(what, "writes/s", ours, "aiokafka, idempotent, no HTTP", appends),
        memory,
    ]
