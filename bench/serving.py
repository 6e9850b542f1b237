"""HTTP benchmarks: accepted writes and first feed pages against a bare Starlette application."""

import asyncio
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import httpx2
import orjson
import psutil

from api.tokens import AccessTokens
from bench import bare
from bench.load import Plan
from bench.measured import Measured
from bench.seed import Seeded
from events.ids import system_clock
from runtime.folder import Folder
from stores.ports.sessions import Session
from stores.sqlite.sessions import SqliteSessions
from stores.sqlite.state import open_state

CONNECTIONS = 32
_READERS_COUNT = 200
_GENEROUS = {
    f"PHOTOLOG_{name}": "1000000000"
    for name in ("READS_PER_MINUTE", "WRITES_PER_MINUTE", "REGISTRATIONS_PER_HOUR")
}


def measure(folder: Path, seeded: Seeded, rounds: int, seconds: float) -> list[Measured]:
    tokens = _sign_in(folder / "data", seeded.people[:_READERS_COUNT])
    with ExitStack() as stack:
        ours = stack.enter_context(
            _Server([_script("photolog"), "serve", "--port", "0", "--data", str(folder / "data")])
        )
        feed = httpx2.get(f"http://127.0.0.1:{ours.port}/v1/feed", headers=_bearer(tokens[0]))
        feed.raise_for_status()
        (folder / "page.json").write_bytes(feed.content)
        limit = stack.enter_context(_Server([sys.executable, bare.__file__, str(folder / "page.json")]))
        pages = _pages(ours, limit, tokens, rounds, seconds)
        writes = _writes(folder, ours, limit, tokens, seeded, rounds, seconds)
        memory = Measured("memory of the server after this", "MiB", [ours.memory_mib()])
    return [*pages, *writes, memory]


def _pages(
    ours: "_Server", limit: "_Server", tokens: Sequence[str], rounds: int, seconds: float
) -> list[Measured]:
    feed = [_request("GET", "/v1/feed", {"Authorization": f"Bearer {token}"}) for token in tokens]
    page = [_request("GET", "/page", {})]
    results = [(_load(limit.port, page, seconds), _load(ours.port, feed, seconds)) for _ in range(rounds)]
    most = max(result["per_second"] for _, result in results)
    calm = [_load(ours.port, feed, seconds, rate=0.7 * most) for _ in range(rounds)]
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
    ours: "_Server",
    limit: "_Server",
    tokens: Sequence[str],
    seeded: Seeded,
    rounds: int,
    seconds: float,
) -> list[Measured]:
    likes = [
        _request(
            "PUT",
            f"/v1/posts/{seeded.posts[-1 - n][0]}/like",
            {"Authorization": f"Bearer {tokens[n % len(tokens)]}"},
        )
        for n in range(1_000)
    ]
    post = [_request("POST", "/write", {"Content-Length": "2"}, b"{}")]
    accepted, bare_posts, bare_appends = [], [], []
    for number in range(rounds):
        bare_posts.append(_load(limit.port, post, seconds)["per_second"])
        accepted.append(_load(ours.port, likes, seconds)["per_second"])
        path = folder / f"appends{number}.db"
        bare_appends.append(bare.sqlite_appends_per_second(path, b"x" * 300, CONNECTIONS, seconds / 2))
    what = f"accepted writes (like), {CONNECTIONS} at once"
    return [
        Measured(what, "writes/s", accepted, "Starlette, bare POST", bare_posts),
        Measured(
            what, "writes/s", accepted, f"SQLite, {CONNECTIONS} rows a synced transaction", bare_appends
        ),
    ]


class _Server:
    """A server process on the first processor; its port is the number in its first line that has one."""

    def __init__(self, command: list[str]) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOLOG_")}
        self._process = subprocess.Popen(
            command, env=environment | _GENEROUS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if os.cpu_count() != 1:
            psutil.Process(self._process.pid).cpu_affinity([0])
        self.port = self._read_port()

    def _read_port(self) -> int:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip().isdigit():
                return int(line)
            if b'"serving"' in line:
                return int(orjson.loads(line)["url"].rsplit(":", 1)[1])
        raise RuntimeError("the server did not start")

    def memory_mib(self) -> float:
        return float(psutil.Process(self._process.pid).memory_info().rss) / 2**20

    def __enter__(self) -> "_Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


def _load(port: int, requests: list[str], seconds: float, rate: float = 0.0) -> dict[str, float]:
    plan = Plan("127.0.0.1", port, requests, CONNECTIONS, seconds, rate)
    pinned = ["taskset", "-c", "1"] if os.cpu_count() != 1 else []
    program = [*pinned, sys.executable, str(Path(__file__).with_name("load.py"))]
    done = subprocess.run(program, input=orjson.dumps(asdict(plan)), stdout=subprocess.PIPE, check=True)
    result: dict[str, float] = orjson.loads(done.stdout)
    if result["failed"]:
        raise RuntimeError(f"{result['failed']:.0f} of {result['count']:.0f} requests failed")
    return result


def _request(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> str:
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: bench",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return b64encode("\r\n".join([*lines, "", ""]).encode() + body).decode()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _sign_in(data: Path, people: Sequence[int]) -> list[str]:
    """An access token for each of these people, without passwords."""
    folder = Folder(data)
    state = open_state(folder.state)
    sessions = SqliteSessions(state)
    tokens = AccessTokens([folder.secret("secret")], system_clock)

    async def open_all() -> None:
        now_ms = system_clock()
        for person in people:
            await sessions.open(
                Session(person, person, "127.0.0.1", now_ms, now_ms), person.to_bytes(32, "big")
            )

    asyncio.run(open_all())
    state.close()
    return [tokens.issue(person, person) for person in people]


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
