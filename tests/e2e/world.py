"""People who use a running server over HTTP.

Everybody of one world carries the same `Photolog-Position`, so that each sees what the others have done.
"""

import hashlib
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx2
from PIL import Image

PASSWORD = "correct horse battery"
_TRIES_COUNT = 3_000
_numbers = itertools.count(1)


def until(condition: Callable[[], Any]) -> Any:
    """The condition's first true value. For what happens beside requests, such as the processing of pictures."""
    pause = threading.Event()
    for _ in range(_TRIES_COUNT):
        if found := condition():
            return found
        pause.wait(0.02)
    raise AssertionError("it did not happen")


def picture(width: int = 64, height: int = 48, colour: tuple[int, int, int] = (200, 80, 40)) -> bytes:
    """A JPEG."""
    file = BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "JPEG")
    return file.getvalue()


def as_told(upload: Any, content: bytes) -> dict[str, Any]:
    """The request that sends a file where the API says, as it says: to the API itself or to a store elsewhere."""
    told = {"method": upload["method"], "url": upload["url"], "headers": upload["headers"]}
    if upload["fields"] is None:
        return told | {"content": content}
    return told | {"data": upload["fields"], "files": {"file": ("file", content)}}


class World:
    """`check` judges every answer."""

    def __init__(self, url: str, check: Callable[[httpx2.Response], None] = lambda response: None) -> None:
        self.http = httpx2.Client(base_url=url, timeout=30)
        self.check = check
        self.position: str | None = None
        self.number = next(_numbers)

    def close(self) -> None:
        self.http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        sent = dict(headers or {})
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {token}")
        if self.position is not None:
            sent.setdefault("Photolog-Position", self.position)
        response = self.http.request(method, path, headers=sent, **more)
        self.check(response)
        self.position = response.headers.get("Photolog-Position", self.position)
        return response

    def get(self, path: str, **more: Any) -> Any:
        """The JSON that somebody without an account gets."""
        response = self.request("GET", path, **more)
        assert response.status_code == 200, response.text
        return response.json()

    def person(self, name: str, **more: str) -> "Person":
        """Registers; the name is made unique to this world."""
        username = f"{name}{self.number}"
        body = {"username": username, "email": f"{username}@example.org", "password": PASSWORD, **more}
        response = self.request("POST", "/v1/accounts", json=body)
        assert response.status_code == 201, response.text
        answer = response.json()
        return Person(self, answer["user"]["id"], username, answer["access_token"], answer["refresh_token"])


@dataclass
class Person:
    world: World
    id: str
    username: str
    token: str
    refresh_token: str
    _colours: itertools.count = field(default_factory=itertools.count)  # type: ignore[type-arg]

    def request(self, method: str, path: str, **more: Any) -> httpx2.Response:
        return self.world.request(method, path, token=self.token, **more)

    def ok(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """The JSON of an answer that must have this status."""
        response = self.request(method, path, **more)
        assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def get(self, path: str, **more: Any) -> Any:
        return self.ok("GET", path, **more)

    def refused(self, method: str, path: str, status: int, code: str, **more: Any) -> Any:
        """The problem document of an answer that must be this problem."""
        response = self.request(method, path, **more)
        assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text}"
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["code"] == code, problem
        return problem

    def declare(self, content: bytes, content_type: str = "image/jpeg", **more: Any) -> Any:
        """Declares a file; the answer has `media` and `upload`."""
        body = {
            "type": "photo",
            "content_type": content_type,
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            **more,
        }
        return self.ok("POST", "/v1/media", 201, json=body)

    def send(self, upload: Any, content: bytes) -> httpx2.Response:
        """Uploads as told."""
        return self.world.http.request(**as_told(upload, content))

    def uploaded(self, content: bytes, content_type: str = "image/jpeg", **more: Any) -> Any:
        """The media once it is ready or rejected."""
        declared = self.declare(content, content_type, **more)
        sent = self.send(declared["upload"], content)
        assert sent.status_code in (200, 201, 204), sent.text
        path = f"/v1/media/{declared['media']['id']}"
        self.ok("POST", f"{path}/complete")
        return until(lambda: (m := self.get(path))["status"] in ("ready", "rejected") and m)

    def photo(self, **more: Any) -> str:
        """The id of a new photo that is ready."""
        media = self.uploaded(picture(colour=(next(self._colours) % 256, 120, 60)), **more)
        assert media["status"] == "ready", media
        media_id: str = media["id"]
        return media_id

    def post(self, caption: str = "", **more: Any) -> str:
        """The id of a new post with one new photo."""
        post = self.ok(
            "POST", "/v1/posts", 201, json={"media_ids": [self.photo()], "caption": caption, **more}
        )
        post_id: str = post["id"]
        return post_id

    def follow(self, other: "Person") -> None:
        self.ok("PUT", f"/v1/users/{other.id}/follow")

    def feed(self) -> list[str]:
        """The ids of the whole home feed, page by page."""
        return [post["id"] for post in self.items("/v1/feed")]

    def items(self, path: str, limit: int = 3, **named: str) -> list[Any]:
        """All items of a list, page by page."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            query = named | {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
            page = self.get(path, params=query)
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found
