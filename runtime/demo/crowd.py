"""The demo's work: makes a story come true on a running server, stage by stage.

What is there already is left alone, so that it can be run again, or gone on with after it was broken off. What is told, and to
whom, is `Watch`'s business; nothing here prints.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from runtime.demo.client import Client
from runtime.demo.member import Member, enter
from runtime.demo.people import Person
from runtime.demo.photos import upload
from runtime.demo.story import Photo, Post, Story

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, T]]

_PARALLEL_COUNT = 8
_PORTRAIT_PIXELS = 480


class Watch(Protocol):
    def begin(self, stage: str, count: int) -> None:
        """A stage of so many pieces of work begins."""

    def done(self) -> None:
        """One more piece of the stage's work is done."""


@dataclass(frozen=True, slots=True)
class Made:
    """What there is now; `posts` are ids in the order of the story."""

    members: tuple[Member, ...]
    posts: tuple[str, ...]


class Crowd:
    """At most `_PARALLEL_COUNT` pieces of work are done at a time."""

    def __init__(self, client: Client, watch: Watch) -> None:
        self._client = client
        self._watch = watch
        self._slots = asyncio.Semaphore(_PARALLEL_COUNT)
        self._found: set[str] = set()

    async def play(self, people: Sequence[Person], story: Story) -> Made:
        members = await self._stage("people", [partial(self._join, person) for person in people])
        await self._settle(members)
        follows = [
            partial(_do, members[a], "PUT", f"/v1/users/{members[b].id}/follow") for a, b in story.follows
        ]
        await self._stage("follows", follows)
        known = await self._all([partial(_captions, member) for member in members])
        making = [partial(self._post, members[post.author], post, known[post.author]) for post in story.posts]
        posts = await self._stage("photos and posts", making)
        await self._settle(members)
        await self._stage("likes, comments, saves", [*self._reactions(members, story, posts)])
        await self._settle(members)
        return Made(tuple(members), tuple(posts))

    async def _stage(self, name: str, pieces: Sequence[Work[T]]) -> list[T]:
        self._watch.begin(name, len(pieces))
        return await self._all([partial(self._watched, piece) for piece in pieces])

    async def _watched(self, piece: Work[T]) -> T:
        result = await piece()
        self._watch.done()
        return result

    async def _all(self, pieces: Sequence[Work[T]]) -> list[T]:
        """When one fails the others are ended, and its error is raised."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._in_turn(piece)) for piece in pieces]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _in_turn(self, piece: Work[T]) -> T:
        async with self._slots:
            return await piece()

    async def _settle(self, members: Sequence[Member]) -> None:
        """Wait until everybody sees what anybody did.

        A client cannot merge the positions of several people, so each is waited for, with a read that needs all views.
        """
        await self._all([partial(_do, member, "GET", "/v1/feed?limit=1") for member in members])

    async def _join(self, person: Person) -> Member:
        member = await enter(self._client, person)
        if not member.has_avatar:
            side = _PORTRAIT_PIXELS
            media_id = await upload(member, Photo("sunset", int(member.id) % 1000, side, side, "", "vivid"))
            await member.ask("PATCH", "/v1/me", {"bio": person.bio, "avatar_media_id": media_id})
        return member

    async def _post(self, author: Member, post: Post, known: dict[str, str]) -> str:
        if post.caption in known:
            self._found.add(known[post.caption])
            return known[post.caption]
        media_ids = [await upload(author, photo) for photo in post.photos]
        place = None if post.place is None else post.place.model_dump()
        body = {"media_ids": media_ids, "caption": post.caption, "place": place}
        return str((await author.ask("POST", "/v1/posts", body)).json()["id"])

    def _reactions(
        self, members: Sequence[Member], story: Story, posts: Sequence[str]
    ) -> Iterator[Work[None]]:
        for post, post_id in zip(story.posts, posts, strict=True):
            for person in post.likers:
                yield partial(_do, members[person], "PUT", f"/v1/posts/{post_id}/like")
            for person in post.savers:
                yield partial(_do, members[person], "PUT", f"/v1/posts/{post_id}/save")
            if post.comments:
                yield partial(self._discuss, members, post, post_id)

    async def _discuss(self, members: Sequence[Member], post: Post, post_id: str) -> None:
        """One comment after the other, so that they stand in this order."""
        path = f"/v1/posts/{post_id}/comments"
        there = await members[post.author].items(path) if post_id in self._found else []
        said = {(comment["author"]["id"], comment["text"]) for comment in there}
        for comment in post.comments:
            speaker = members[comment.person]
            if (speaker.id, comment.text) not in said:
                await speaker.ask("POST", path, {"text": comment.text})


async def _do(member: Member, method: str, path: str) -> None:
    await member.ask(method, path)


async def _captions(member: Member) -> dict[str, str]:
    """What the member has posted already: ids by caption."""
    return {post["caption"]: post["id"] for post in await member.items(f"/v1/users/{member.id}/posts")}
