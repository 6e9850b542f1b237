"""People who write one thing after the other, whatever happens to the server, and remember it in a ledger."""

import asyncio
from collections.abc import Callable, Sequence
from hashlib import sha256
from random import Random
from typing import Any

import httpx2

from tests.e2e.ledger import MADE, Acknowledgement, Attempt, Keyed, Ledger, Thing, Value
from tests.e2e.world import PASSWORD, as_told, picture

POSITION = "Photolog-Position"
Posts = dict[str, str]
"""Posts that everybody writes to; each with the position from which on it is seen, which is empty where it has been seen."""
_LATEST_COUNT = 4
"""Of the posts that come and go, only so many are written to: later ones, whether or not they are gone."""
_REFUSED, _UNKNOWN = 404, 503


class Client:
    """One user who writes one thing after the other, until the connection breaks. Who is refused is told when to come back.

    What it writes to it has seen, as it says with a position; so it is refused only what somebody may have deleted.
    """

    def __init__(self, ledger: Ledger, name: str, token: str | None, random: Random) -> None:
        self._ledger, self.name, self._token, self._random = ledger, name, token, random
        self.acknowledged_count = 0
        self._number = 0
        self._unfinished: Keyed | None = None

    async def write(self, http: httpx2.AsyncClient) -> None:
        """One write. Raises httpx2.TransportError when the server goes away."""
        raise NotImplementedError

    async def _set(
        self,
        http: httpx2.AsyncClient,
        thing: Thing,
        value: Value,
        request: tuple[str, str],
        on: Sequence[Thing] = (),
        carried: str = "",
        **more: Any,
    ) -> int:
        """The status of the answer to a request (method, path) that is sent once; `on` are things that it needs."""
        attempts = self._ledger.attempts.setdefault(thing, [])
        attempts.append(Attempt(value, is_acknowledged=False))
        response = await self._send(http, *request, carried, **more)
        if response.status_code == _REFUSED:
            self._check_refused(response, on)
            attempts.pop()
        elif response.status_code != _UNKNOWN:
            assert response.status_code in (200, 204), f"{request}: {response.status_code} {response.text}"
            attempts[-1] = Attempt(value, is_acknowledged=True)
            self._acknowledge(thing, value, carried, response, is_exact=True)
        return response.status_code

    async def _make(
        self,
        http: httpx2.AsyncClient,
        path: str,
        body: dict[str, Any],
        on: Sequence[Thing] = (),
        carried: str = "",
    ) -> httpx2.Response | None:
        """The answer to a POST that is sent again until it is acknowledged, also over a restart: then to the unfinished one."""
        if self._unfinished is None:
            self._number += 1
            self._unfinished = Keyed(f"{self.name}-{self._number}", self._token, path, body, on, carried)
            self._ledger.keyed.append(self._unfinished)
        post = self._unfinished
        post.asked_count += 1
        headers = {"Idempotency-Key": post.key}
        response = await self._send(http, "POST", post.path, post.carried, json=post.body, headers=headers)
        if response.status_code in (409, _UNKNOWN):
            return None
        self._unfinished = None
        if response.status_code == _REFUSED:  # an earlier try may have made it all the same
            self._check_refused(response, post.on)
            return None
        assert response.status_code == 201, f"{post.path}: {response.status_code} {response.text}"
        answer = response.json()
        post.made_id = answer.get("id") or next(iter(answer.values()))["id"]
        self._acknowledge(post.thing, MADE, post.carried, response, is_exact=post.asked_count == 1)
        return response

    def _acknowledge(
        self, thing: Thing, value: Value, carried: str, response: httpx2.Response, is_exact: bool
    ) -> None:
        said = Acknowledgement(self.name, thing, value, carried, response.headers[POSITION], is_exact)
        self._ledger.acknowledgements.append(said)
        self.acknowledged_count += 1

    def _check_refused(self, response: httpx2.Response, on: Sequence[Thing]) -> None:
        assert any(map(self._ledger.may_be_missed, on)), f"{response.url} is not there: {on}"

    async def _send(
        self, http: httpx2.AsyncClient, method: str, path: str, carried: str = "", **more: Any
    ) -> httpx2.Response:
        headers = more.pop("headers", {})
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        if carried:
            headers[POSITION] = carried
        response = await http.request(method, path, headers=headers, **more)
        assert response.status_code != _UNKNOWN or int(response.headers["Retry-After"]) > 0
        return response


class Mingler(Client):
    """Likes, saves, follows and comments at random, and changes and deletes comments and says something else about themselves;
    nobody else writes for this user.
    """

    def __init__(
        self,
        ledger: Ledger,
        user: dict[str, str],
        random: Random,
        posts: Posts,
        others: Sequence[str],
    ) -> None:
        super().__init__(ledger, f"comment-{user['id']}", user["token"], random)
        self._id, self._posts = user["id"], posts
        self._others = [other for other in others if other != user["id"]]
        self._comments: dict[str, tuple[str, str]] = {}
        """By id: the post, and the position from which on the comment is seen."""
        self._said_count = 0

    async def write(self, http: httpx2.AsyncClient) -> None:
        match self._random.randrange(10):
            case 0 | 1 | 2:
                await self._join(http, "like")
            case 3:
                await self._join(http, "save")
            case 4:
                await self._follow(http)
            case 5:
                await self._change_profile(http)
            case 6 | 7 if self._comments:
                await self._change_comment(http)
            case _:
                await self._comment(http)

    def _post(self) -> tuple[str, str]:
        """One of those that stay, or of the latest that come and go; and the position from which on it is seen."""
        staying = [post for post, seen in self._posts.items() if not seen]
        passing = [post for post, seen in self._posts.items() if seen][-_LATEST_COUNT:]
        chosen = self._random.choice(staying + passing)
        return chosen, self._posts[chosen]

    async def _join(self, http: httpx2.AsyncClient, what: str) -> None:
        post, seen = self._post()
        joins = self._joins()
        request = "PUT" if joins else "DELETE", f"/v1/posts/{post}/{what}"
        await self._set(http, (what, self._id, post), joins, request, (("post", post),), seen)

    async def _follow(self, http: httpx2.AsyncClient) -> None:
        other, joins = self._random.choice(self._others), self._joins()
        request = "PUT" if joins else "DELETE", f"/v1/users/{other}/follow"
        await self._set(http, ("follow", self._id, other), joins, request)

    async def _change_profile(self, http: httpx2.AsyncClient) -> None:
        bio = self._something()
        await self._set(http, ("profile", self._id), bio, ("PATCH", "/v1/me"), json={"bio": bio})

    async def _comment(self, http: httpx2.AsyncClient) -> None:
        post, seen = self._post()
        body = {"text": f"after {self._number}"}
        made = await self._make(http, f"/v1/posts/{post}/comments", body, (("post", post),), seen)
        if made is not None:
            self._comments[made.json()["id"]] = (made.json()["post_id"], made.headers[POSITION])

    async def _change_comment(self, http: httpx2.AsyncClient) -> None:
        comment = self._random.choice(list(self._comments))
        post, seen = self._comments[comment]
        thing, path = ("comment", comment), f"/v1/posts/{post}/comments/{comment}"
        on = (thing, ("post", post))
        if self._joins():
            text = self._something()
            status = await self._set(http, thing, text, ("PATCH", path), on, seen, json={"text": text})
            is_gone = status == _REFUSED
        else:
            is_gone = await self._set(http, thing, None, ("DELETE", path), on, seen) != _UNKNOWN
        if is_gone:
            del self._comments[comment]

    def _joins(self) -> bool:
        return self._random.random() < 0.7

    def _something(self) -> str:
        """Never the same again."""
        self._said_count += 1
        return f"rather {self._said_count}"


class Registrar(Client):
    """Registers one person after the other, each of whom follows this one."""

    def __init__(self, ledger: Ledger, random: Random, followed_id: str) -> None:
        super().__init__(ledger, "account", None, random)
        self._followed_id = followed_id
        self._newcomer: tuple[dict[str, Any], str] | None = None
        """What the latest one was told, and the position from which on they are known; None when they have followed."""

    async def write(self, http: httpx2.AsyncClient) -> None:
        if self._newcomer is None:
            await self._register(http)
        else:
            told, seen = self._newcomer
            self._newcomer = None
            await self._follow(http, told["user"]["id"], told["access_token"], seen)

    async def _register(self, http: httpx2.AsyncClient) -> None:
        name = f"newcomer{self._number + 1}"
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        made = await self._make(http, "/v1/accounts", body)
        if made is not None:
            self._newcomer = made.json(), made.headers[POSITION]

    async def _follow(self, http: httpx2.AsyncClient, user_id: str, token: str, seen: str) -> None:
        request = "PUT", f"/v1/users/{self._followed_id}/follow"
        headers = {"Authorization": f"Bearer {token}"}
        thing = ("follow", user_id, self._followed_id)
        await self._set(http, thing, True, request, carried=seen, headers=headers)


class Publisher(Client):
    """Uploads a picture, waits until it is ready, and posts it: several requests, taken up where they were broken off. Now and then
    changes or deletes what it has posted.
    """

    def __init__(
        self, ledger: Ledger, user: dict[str, str], random: Random, captions: Sequence[str], posts: Posts
    ) -> None:
        super().__init__(ledger, f"publish-{user['id']}", user["token"], random)
        self._captions, self._posts = captions, posts
        self._mine: Posts = {}
        self._content = b""
        self._declared: Any = None
        self._is_ready = False

    async def write(self, http: httpx2.AsyncClient) -> None:
        if self._mine and self._random.random() < 0.4:
            await self._change_post(http)
        elif self._declared is None:
            self._content = self._content or self._picture()
            made = await self._make(http, "/v1/media", _declaration(self._content))
            self._declared = None if made is None else made.json()
        elif not self._is_ready:
            await self._upload(http)
        else:
            await self._publish(http)

    def _picture(self) -> bytes:
        """Not the same as another one."""
        red, green, blue = (self._random.randrange(256) for _ in range(3))
        return picture(colour=(red, green, blue))

    async def _upload(self, http: httpx2.AsyncClient) -> None:
        path = f"/v1/media/{self._declared['media']['id']}"
        media = (await self._send(http, "GET", path)).json()
        if media.get("status") == "pending":
            await http.request(**as_told(self._declared["upload"], self._content))
            await self._send(http, "POST", f"{path}/complete")
        assert media.get("status") != "rejected", media
        self._is_ready = media.get("status") == "ready"

    async def _publish(self, http: httpx2.AsyncClient) -> None:
        caption = self._random.choice(self._captions)
        body = {"media_ids": [self._declared["media"]["id"]], "caption": caption}
        made = await self._make(http, "/v1/posts", body)
        if made is not None:
            self._content, self._declared, self._is_ready = b"", None, False
            self._mine[made.json()["id"]] = self._posts[made.json()["id"]] = made.headers[POSITION]

    async def _change_post(self, http: httpx2.AsyncClient) -> None:
        post = self._random.choice(list(self._mine))
        thing, path, seen = ("post", post), f"/v1/posts/{post}", self._mine[post]
        if self._random.random() < 0.5:
            caption = self._random.choice(self._captions)
            body = {"caption": caption}
            status = await self._set(http, thing, caption, ("PATCH", path), (thing,), seen, json=body)
            is_gone = status == _REFUSED
        else:
            is_gone = await self._set(http, thing, None, ("DELETE", path), (thing,), seen) != _UNKNOWN
        if is_gone:
            del self._mine[post]


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
