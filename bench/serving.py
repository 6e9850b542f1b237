"""HTTP benchmarks: accepted writes and first feed pages against a bare Starlette application."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx2

from api.tokens import AccessTokens
from bench import bare
from bench.measured import Measured
from bench.seed import Seeded
from bench.servers import CONNECTIONS, PHOTOLOG, Server, bearer, load, request
from events.ids import system_clock
from runtime.folder import Folder
from stores.ports.sessions import Session
from stores.sqlite.sessions import SqliteSessions
from stores.sqlite.state import open_state

_READERS_COUNT = 200


def measure(folder: Path, seeded: Seeded, rounds: int, seconds: float) -> list[Measured]:
    tokens = sign_in(folder / "data", seeded.people[:_READERS_COUNT])
    with ExitStack() as stack:
        ours = stack.enter_context(Server([PHOTOLOG, "serve", "--port", "0", "--data", str(folder / "data")]))
        feed = httpx2.get(f"http://127.0.0.1:{ours.port}/v1/feed", headers=bearer(tokens[0]))
        feed.raise_for_status()
        (folder / "page.json").write_bytes(feed.content)
        limit = stack.enter_context(Server([sys.executable, bare.__file__, str(folder / "page.json")]))
        pages = _pages(ours, limit, tokens, rounds, seconds)
        writes = _writes(folder, ours, limit, tokens, seeded, rounds, seconds)
        memory = Measured("memory of the server after this", "MiB", [ours.memory_mib()])
    return [*pages, *writes, memory]


def _pages(ours: Server, limit: Server, tokens: Sequence[str], rounds: int, seconds: float) -> list[Measured]:
    feed = [request("GET", "/v1/feed", bearer(token)) for token in tokens]
    page = [request("GET", "/page", {})]
    results = [(load(limit.port, page, seconds), load(ours.port, feed, seconds)) for _ in range(rounds)]
    most = max(result["per_second"] for _, result in results)
    calm = [load(ours.port, feed, seconds, rate=0.7 * most) for _ in range(rounds)]
    what = "first feed page"
    return [
        Measured(
            what,
            "pages/s",
            [r["per_second"] for _, r in results],
            "Starlette, static page of the same bytes",
            [r["per_second"] for r, _ in results],
            "60 %, at least 40 %",
        ),
        Measured(f"{what}, p99 at 70 % of the most", "ms", [r["p99_ms"] for r in calm]),
    ]


def _writes(
    folder: Path,
    ours: Server,
    limit: Server,
    tokens: Sequence[str],
    seeded: Seeded,
    rounds: int,
    seconds: float,
) -> list[Measured]:
    likes = [
        request(
            "PUT",
            f"/v1/posts/{seeded.posts[-1 - n][0]}/like",
            bearer(tokens[n % len(tokens)]),
        )
        for n in range(1_000)
    ]
    post = [request("POST", "/write", {"Content-Length": "2"}, b"{}")]
    accepted, bare_posts, bare_appends = [], [], []
    for number in range(rounds):
        bare_posts.append(load(limit.port, post, seconds)["per_second"])
        accepted.append(load(ours.port, likes, seconds)["per_second"])
        path = folder / f"appends{number}.db"
        bare_appends.append(bare.sqlite_appends_per_second(path, b"x" * 300, CONNECTIONS, seconds / 2))
    what = f"accepted writes (like), {CONNECTIONS} at once"
    return [
        Measured(what, "writes/s", accepted, "Starlette, bare POST", bare_posts),
        Measured(
            what, "writes/s", accepted, f"SQLite, {CONNECTIONS} rows a synced transaction", bare_appends
        ),
    ]


def sign_in(data: Path, people: Sequence[int]) -> list[str]:
    """An access token for each of these people, without passwords."""
    state = open_state(Folder(data).state)
    sessions = SqliteSessions(state)
    tokens = tokens_of(data)

    async def open_all() -> None:
        now_ms = system_clock()
        for person in people:
            await sessions.open(
                Session(person, person, "127.0.0.1", now_ms, now_ms), person.to_bytes(32, "big")
            )

    asyncio.run(open_all())
    state.close()
    return [tokens.issue(person, person) for person in people]


def tokens_of(data: Path) -> AccessTokens:
    return AccessTokens([Folder(data).secret("secret")], system_clock)
