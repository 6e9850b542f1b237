"""What a client remembers of its writes while the server is killed under it: what was acknowledged, and what may have happened.

A write whose answer never came is unknown. One with an idempotency key is sent again with the same key until it is acknowledged;
of the others it is only known that they are on the log at most once, in their place.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any

import httpx2

from tests.e2e.world import PASSWORD, as_told, picture

Edge = tuple[str, str, str]
"""What is joined (like, save or follow), by whom, and to what."""


@dataclass(frozen=True)
class Attempt:
    joins: bool
    is_acknowledged: bool


@dataclass
class Keyed:
    """A POST with an idempotency key, and the id of what it made once that was acknowledged."""

    key: str
    token: str | None
    path: str
    body: dict[str, Any]
    made_id: str | None = None


@dataclass
class Ledger:
    edges: dict[Edge, list[Attempt]] = field(default_factory=dict)
    keyed: list[Keyed] = field(default_factory=list)

    def acknowledged(self) -> list[Keyed]:
        return [post for post in self.keyed if post.made_id is not None]

    def count(self) -> int:
        return len(self.acknowledged()) + sum(a.is_acknowledged for made in self.edges.values() for a in made)


def explained(told: Sequence[bool], attempts: Sequence[Attempt]) -> bool:
    """Whether these events, in their order, are what came of the attempts: every acknowledged one once, each other at most once."""
    reached = {0}
    for attempt in attempts:
        further = {n + 1 for n in reached if n < len(told) and told[n] == attempt.joins}
        reached = further if attempt.is_acknowledged else reached | further
    return len(told) in reached


class Client:
    """One user who writes one thing after the other, until the connection breaks. Who is refused is told when to come back."""

    def __init__(self, ledger: Ledger, name: str, token: str | None, random: Random) -> None:
        self._ledger, self.name, self._token, self._random = ledger, name, token, random
        self.acknowledged_count = 0
        self._number = 0
        self._unfinished: Keyed | None = None

    async def write(self, http: httpx2.AsyncClient) -> None:
        """One write. Raises httpx2.TransportError when the server goes away."""
        raise NotImplementedError

    async def _join(self, http: httpx2.AsyncClient, edge: Edge, path: str) -> None:
        attempts, joins = self._ledger.edges.setdefault(edge, []), self._random.random() < 0.7
        attempts.append(Attempt(joins, is_acknowledged=False))
        response = await self._send(http, "PUT" if joins else "DELETE", path)
        if response.status_code != 503:
            assert response.status_code == 200, response.text
            attempts[-1] = Attempt(joins, is_acknowledged=True)
            self.acknowledged_count += 1

    async def _make(self, http: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> Any:
        """The answer to a POST that is sent again until it is acknowledged, also over a restart: then to the unfinished one."""
        if self._unfinished is None:
            self._number += 1
            self._unfinished = Keyed(f"{self.name}-{self._number}", self._token, path, body)
            self._ledger.keyed.append(self._unfinished)
        post = self._unfinished
        response = await self._send(
            http, "POST", post.path, json=post.body, headers={"Idempotency-Key": post.key}
        )
        if response.status_code in (409, 503):
            return None
        assert response.status_code == 201, f"{post.path}: {response.status_code} {response.text}"
        answer = response.json()
        post.made_id = answer.get("id") or next(iter(answer.values()))["id"]
        self._unfinished = None
        self.acknowledged_count += 1
        return answer

    async def _send(self, http: httpx2.AsyncClient, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = more.pop("headers", {})
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        response = await http.request(method, path, headers=headers, **more)
        assert response.status_code != 503 or int(response.headers["Retry-After"]) > 0
        return response


class Mingler(Client):
    """Likes, saves, follows and comments at random; nobody else writes for this user."""

    def __init__(
        self,
        ledger: Ledger,
        user: dict[str, str],
        random: Random,
        posts: Sequence[str],
        others: Sequence[str],
    ) -> None:
        super().__init__(ledger, f"comment-{user['id']}", user["token"], random)
        self._id, self._posts, self._others = (
            user["id"],
            posts,
            [other for other in others if other != user["id"]],
        )

    async def write(self, http: httpx2.AsyncClient) -> None:
        post, other = self._random.choice(self._posts), self._random.choice(self._others)
        match self._random.randrange(5):
            case 0 | 1:
                await self._join(http, ("like", self._id, post), f"/v1/posts/{post}/like")
            case 2:
                await self._join(http, ("save", self._id, post), f"/v1/posts/{post}/save")
            case 3:
                await self._join(http, ("follow", self._id, other), f"/v1/users/{other}/follow")
            case _:
                await self._make(http, f"/v1/posts/{post}/comments", {"text": f"after {self._number}"})


class Registrar(Client):
    """Registers one person after the other."""

    def __init__(self, ledger: Ledger, random: Random) -> None:
        super().__init__(ledger, "account", None, random)

    async def write(self, http: httpx2.AsyncClient) -> None:
        name = f"newcomer{self._number + 1}"
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        await self._make(http, "/v1/accounts", body)


class Publisher(Client):
    """Uploads a picture, waits until it is ready, and posts it: several requests, taken up where they were broken off."""

    def __init__(self, ledger: Ledger, user: dict[str, str], random: Random, captions: Sequence[str]) -> None:
        super().__init__(ledger, f"publish-{user['id']}", user["token"], random)
        self._captions = captions
        self._declared: Any = None
        self._is_ready = False

    async def write(self, http: httpx2.AsyncClient) -> None:
        content = picture(colour=(30, 60, 90))
        if self._declared is None:
            body = _declaration(content)
            self._declared = await self._make(http, "/v1/media", body)
        elif not self._is_ready:
            await self._upload(http, content)
        else:
            body = {
                "media_ids": [self._declared["media"]["id"]],
                "caption": self._random.choice(self._captions),
            }
            if await self._make(http, "/v1/posts", body) is not None:
                self._declared, self._is_ready = None, False

    async def _upload(self, http: httpx2.AsyncClient, content: bytes) -> None:
        path = f"/v1/media/{self._declared['media']['id']}"
        media = (await self._send(http, "GET", path)).json()
        if media.get("status") == "pending":
            await http.request(**as_told(self._declared["upload"], content))
            await self._send(http, "POST", f"{path}/complete")
        assert media.get("status") != "rejected", media
        self._is_ready = media.get("status") == "ready"


def _declaration(content: bytes) -> dict[str, Any]:
    digest = sha256(content).hexdigest()
    return {"type": "photo", "content_type": "image/jpeg", "size_bytes": len(content), "sha256": digest}


async def hammer(url: str, clients: Sequence[Client], kill: Callable[[], None], after_s: float) -> None:
    """All clients write at once until the server is gone; `kill` is called after that time."""
    loop = asyncio.get_running_loop()
    timer = loop.call_later(after_s, kill)
    async with httpx2.AsyncClient(base_url=url, timeout=30) as http:
        await asyncio.gather(*(_until_gone(client, http) for client in clients))
    timer.cancel()


async def _until_gone(client: Client, http: httpx2.AsyncClient) -> None:
    while True:
        try:
            await client.write(http)
        except httpx2.TransportError:
            return
