"""The operations of an OpenAPI document, and requests made for them from ids that exist."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Operation:
    method: str
    template: str
    described: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def is_public(self) -> bool:
        return bool(self.described["security"] != [{"bearer": []}])

    @property
    def ignores_tokens(self) -> bool:
        return not self.described["security"]

    @property
    def is_paged(self) -> bool:
        return {"$ref": "#/components/parameters/cursor"} in self.described["parameters"]

    @property
    def is_keyed(self) -> bool:
        return {"$ref": "#/components/parameters/Idempotency-Key"} in self.described["parameters"]

    @property
    def is_limited(self) -> bool:
        return "429" in self.described["responses"]

    @property
    def names_something(self) -> bool:
        """A path with an id, a name or a tag."""
        return "{" in self.template

    def path(self, things: "Things") -> str:
        """The path and query of a request that asks for these."""
        path = self.template
        for name, value in things.parameters(self.template).items():
            path = path.replace(f"{{{name}}}", value)
        return path + things.query(self.template)


@dataclass(frozen=True)
class Things:
    """What a request may name: ids, a user name, a tag and a word."""

    user: str = "999"
    post: str = "999"
    comment: str = "999"
    media: str = "999"
    session: str = "999"
    username: str = "nobody_here"
    tag: str = "nobody_used_this"
    word: str = "nobody_said_this"

    def parameters(self, template: str) -> dict[str, str]:
        about = template.split("/")[2] if template.startswith("/v1/") else ""
        ids = {"users": self.user, "posts": self.post, "media": self.media, "sessions": self.session}
        named = {"username": self.username, "tag": self.tag, "comment_id": self.comment}
        return named | ({"id": ids[about]} if about in ids else {})

    def query(self, template: str) -> str:
        queries = {
            "/v1/users": f"?ids={self.user}",
            "/v1/posts": f"?ids={self.post}",
            "/v1/search/posts": f"?q={self.word}",
            "/v1/search/users": f"?q={self.username}",
            "/v1/search/tags": f"?q={self.tag}",
        }
        return queries.get(template, "")


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for template, methods in document["paths"].items():
        for method, described in methods.items():
            yield Operation(method.upper(), template, described)


BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/accounts": {"username": "x.y_z", "email": "x@example.org", "password": "12345678"},
    "PATCH /v1/me": {"bio": "mine now"},
    "PUT /v1/me/password": {"current": "87654321", "new": "12345678"},
    "POST /v1/sessions": {"login": "nobody", "password": "12345678"},
    "POST /v1/sessions/refresh": {"refresh_token": "x"},
    "POST /v1/media": {
        "type": "photo",
        "content_type": "image/png",
        "size_bytes": 1,
        "sha256": "0" * 64,
    },
    "PATCH /v1/media/{id}": {"alt_text": "mine now"},
    "POST /v1/posts": {"media_ids": ["1"]},
    "PATCH /v1/posts/{id}": {"caption": "mine now"},
    "POST /v1/posts/{id}/comments": {"text": "mine now"},
    "PATCH /v1/posts/{id}/comments/{comment_id}": {"text": "mine now"},
}
"""A valid body for each operation that needs one."""


def content(operation: Operation) -> dict[str, Any]:
    """What to send besides the path."""
    return {"json": BODIES[str(operation)]} if "requestBody" in operation.described else {}
