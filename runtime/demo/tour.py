"""The end of the demo: one person's home feed, and what to try next."""

import asyncio
import shlex
from typing import Any

import orjson

from runtime.demo.client import Client
from runtime.demo.crowd import Made
from runtime.demo.errors import DemoError
from runtime.demo.member import Member
from runtime.demo.people import PASSWORD
from runtime.demo.shown import COLUMNS, ROWS, ShownPost
from stores.pillow.preview import MAX_BYTES, PreviewError, cells

POSTS_COUNT = 5
_COMMENTS_COUNT = 2


async def shown_feed(client: Client, reader: Member, with_photos: bool) -> list[ShownPost]:
    """The first posts of the reader's home feed with what is shown of them."""
    page = (await reader.ask("GET", f"/v1/feed?limit={POSTS_COUNT}")).json()
    return [await _shown(client, reader, post, with_photos) for post in page["items"]]


async def _shown(client: Client, reader: Member, post: dict[str, Any], with_photos: bool) -> ShownPost:
    path = f"/v1/posts/{post['id']}/comments?limit={_COMMENTS_COUNT}"
    comments = (await reader.ask("GET", path)).json()["items"]
    return ShownPost(post, comments, await _cells(client, post) if with_photos else None)


async def _cells(client: Client, post: dict[str, Any]) -> list[list[tuple[int, int, int]]] | None:
    """A photo that cannot be had is left out: the rest of the feed is worth seeing."""
    try:
        photo = await client.download(post["media"][0]["renditions"]["small"]["url"], MAX_BYTES)
        return await asyncio.to_thread(cells, photo, COLUMNS, ROWS)
    except (DemoError, PreviewError):
        return None


def commands(url: str, reader: Member, post: dict[str, Any] | None) -> list[str]:
    """Three things to try with curl."""
    login = orjson.dumps({"login": reader.person.username, "password": PASSWORD}).decode()
    tag = post["tags"][0] if post is not None and post["tags"] else "sea"
    quoted = shlex.quote(f"{url}/v1/search/posts?q={tag}&sort=likes")
    return [
        f"curl -s -H 'Content-Type: application/json' -d {shlex.quote(login)} {url}/v1/sessions",
        f"curl -s {url}/v1/users/by-username/{reader.person.username}",
        f"curl -s {quoted}",
    ]


def summary(url: str, made: Made, reader: Member, feed: list[ShownPost]) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "url": url,
        "people": [{"id": member.id, "username": member.person.username} for member in made.members],
        "posts": list(made.posts),
        "login": {"username": reader.person.username, "password": PASSWORD},
        "feed": [shown.post["id"] for shown in feed],
    }
