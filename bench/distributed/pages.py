"""First pages of home feeds over HTTP, against a bare Starlette application that answers the same bytes; what a page asks."""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence

import httpx2

from bench import bare
from bench.distributed import trips
from bench.distributed.system import System
from bench.measured import Measured
from bench.seed import Seeded
from bench.servers import CONNECTIONS, Server, bearer, load, request

_CALM = 0.5
"""The stated rate, as a part of the most."""
_CALM_TIMES = 4
"""As long as a round at full speed: of few pages, one hitch makes the 99th percentile."""
_MERGED_COUNT = 20
_PAGE_COUNT = 20


def measure(
    system: System, seeded: Seeded, tokens: Sequence[str], rounds: int, seconds: float
) -> list[Measured]:
    """No worker runs."""
    feed = [request("GET", "/v1/feed", bearer(token)) for token in tokens]
    page = [request("GET", "/page", {})]
    with system.serving() as server:
        first = httpx2.get(f"http://127.0.0.1:{server.port}/v1/feed", headers=bearer(tokens[0]))
        first.raise_for_status()
        path = system.folder / "page.json"
        path.write_bytes(first.content)
        with Server([sys.executable, bare.__file__, str(path)]) as limit:
            load(server.port, feed, seconds)  # a Cassandra that was just started compiles what it is asked
            found = [
                (load(limit.port, page, seconds), load(server.port, feed, seconds)) for _ in range(rounds)
            ]
        rate = float(round(_CALM * statistics.median(ours["per_second"] for _, ours in found)))
        calm = [load(server.port, feed, _CALM_TIMES * seconds, rate) for _ in range(rounds)]
    what = "first feed page"
    return [
        Measured(
            what,
            "pages/s",
            [ours["per_second"] for _, ours in found],
            "Starlette, static page of the same bytes",
            [bare_page["per_second"] for bare_page, _ in found],
        ),
        Measured(f"{what}, the rate of the next two", "pages/s", [rate]),
        Measured(f"{what}, p50 at that rate", "ms", [result["p50_ms"] for result in calm]),
        Measured(f"{what}, p99 at that rate", "ms", [result["p99_ms"] for result in calm], aim="under 50 ms"),
        *asyncio.run(trips.measure(system, tokens[:_PAGE_COUNT])),
        Measured(
            "timelines merged into pages", "authors/s", asyncio.run(_merges(system, seeded, rounds, seconds))
        ),
    ]


async def _merges(system: System, seeded: Seeded, rounds: int, seconds: float) -> list[float]:
    """Authors whose timelines are read for a page, each page merging so many, per second of one process."""
    people = seeded.people
    async with system.connected() as cluster:
        timelines = cluster.view("timelines", 1)

        async def merge(number: int, until: float) -> int:
            count = 0
            while time.perf_counter() < until:
                at = (number * 31 + count) % (len(people) - _MERGED_COUNT)
                await timelines.of_authors(people[at : at + _MERGED_COUNT], None, _PAGE_COUNT)
                count += _MERGED_COUNT
            return count

        rates = []
        for _ in range(rounds):
            began = time.perf_counter()
            done = await asyncio.gather(*(merge(n, began + seconds) for n in range(CONNECTIONS)))
            rates.append(sum(done) / (time.perf_counter() - began))
    return rates
