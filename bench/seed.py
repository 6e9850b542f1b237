"""A made-up past with people, follows, posts and likes, and a data folder with it on its log: what the benchmarks start from."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.batches import in_batches
from events.accounts import AccountRegistered
from events.envelope import Envelope
from events.graph import Followed
from events.ids import Ids, system_clock
from events.likes import PostLiked
from events.media import MediaAttached, MediaProcessed, MediaUploaded, MediaUploadStarted, Rendition
from events.posts import PostCreated
from events.sealing import new_key
from events.topics import TOPICS
from producers.command import Command
from producers.journal import Journal
from producers.reactors.processing import Processing
from producers.reactors.rekeying import Rekeying
from producers.reactors.sweeping import Expiring, Tidying
from runtime.folder import Folder
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLog
from stores.sqlite.reactor_positions import SqliteReactorPositions
from stores.sqlite.state import open_state

_AGO_MS = 12 * 3600 * 1000
"""When the past begins: not so long ago that its people count as idle and have no feeds."""
POSTS_EACH = 20
LIKES_PER_POST = 10
_AT_ONCE_COUNT = 5_000
_SIZES = (("thumb", 150), ("small", 320), ("medium", 640), ("large", 1080))
WORDS = (
    "sunrise",
    "harbour",
    "#harbour",
    "coffee",
    "mountain",
    "#hiking",
    "garden",
    "rain",
    "city",
    "#night",
    "#lake",
)


@dataclass(frozen=True, slots=True)
class Seeded:
    people: tuple[int, ...]
    posts: tuple[tuple[int, int], ...]
    """(post, author), in the order of their making."""


class Story:
    """Events of a made-up past, in order, a millisecond apart."""

    def __init__(
        self, people_count: int, follows: Sequence[tuple[int, int]], rnd: random.Random, posts_each: int
    ) -> None:
        self._ms = system_clock() - _AGO_MS
        self._ids = Ids(1, lambda: self._ms)
        self._rnd = rnd
        self._follows = follows
        self._posts_each = posts_each
        self.people = tuple(self._ids.next() for _ in range(people_count))
        self.posts: list[tuple[int, int]] = []

    def _me(self, user_id: int) -> Command:
        self._ms += 1
        return Command(user_id, self._ms, self._ids.next(), self._ids)

    def events(self) -> Iterator[Envelope]:
        for number, user_id in enumerate(self.people):
            name = f"user{number}"
            yield AccountRegistered(
                **self._me(user_id).stamp(), user_id=user_id, username=name, email=f"{name}@example.org"
            )
        for follower, followed in self._follows:
            me = self._me(self.people[follower])
            yield Followed(**me.stamp(), follower_id=me.actor_id, followed_id=self.people[followed])
        authors = [user_id for user_id in self.people for _ in range(self._posts_each)]
        self._rnd.shuffle(authors)
        for author_id in authors:
            yield from self._post(author_id)
        for post_id, author_id in self.posts:
            for user_id in self._rnd.sample(self.people, min(LIKES_PER_POST, len(self.people))):
                yield PostLiked(**self._me(user_id).stamp(), post_id=post_id, author_id=author_id)

    def _post(self, author_id: int) -> Iterator[Envelope]:
        me = self._me(author_id)
        media_id, post_id = self._ids.next(), self._ids.next()
        media: dict[str, Any] = {"media_id": media_id, "owner_id": author_id}
        yield MediaUploadStarted(
            **me.stamp(),
            **media,
            object_key=f"originals/{media_id}/file",
            content_type="image/jpeg",
            size_bytes=1,
            sha256="0" * 64,
        )
        yield MediaUploaded(**me.stamp(), **media)
        yield MediaProcessed(
            **me.stamp(),
            **media,
            width=1080,
            height=810,
            blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
            renditions=tuple(_rendition(name, side, media_id) for name, side in _SIZES),
        )
        yield MediaAttached(**me.stamp(), **media, attached_kind="post", attached_id=post_id)
        caption = " ".join(self._rnd.choices(WORDS, k=8))
        yield PostCreated(
            **me.stamp(), post_id=post_id, author_id=author_id, media_ids=(media_id,), caption=caption
        )
        self.posts.append((post_id, author_id))


def _rendition(name: str, side: int, media_id: int) -> Rendition:
    return Rendition.model_validate(
        {
            "name": name,
            "object_key": f"public/{media_id}/{name}.webp",
            "width": side,
            "height": side * 3 // 4,
            "content_type": "image/webp",
            "size_bytes": side * 100,
        }
    )


async def write(data: Path, story: Story) -> None:
    """Fill an empty data folder."""
    folder = Folder(data)
    folder.make()
    state = open_state(folder.state)
    keys = SqliteKeys(state)
    log = SqliteLog(folder.log)
    with (
        state.transaction() as connection
    ):  # in one: a disk is synced once, and not for each of a hundred thousand
        rows = ((user_id, new_key()) for user_id in story.people)
        connection.executemany("INSERT INTO keys (user_id, key) VALUES (?, ?)", rows)
    journal = Journal(log, keys)
    for some in in_batches(story.events(), _AT_ONCE_COUNT):
        await journal.append(*some)
    reactor_positions = SqliteReactorPositions(state)
    for reactor in (
        Processing,
        Rekeying,
        Tidying,
        Expiring,
    ):  # there are no files behind this past: nothing is left to be reacted to
        for partition, end in (await log.ends(TOPICS)).items():
            await reactor_positions.advance(reactor.name, partition, end)
    log.close()
    state.close()


def seed_now(data: Path, follows: Sequence[tuple[int, int]]) -> Seeded:
    """Fill an empty data folder with a story of who follows whom here."""
    story = Story(1 + max(map(max, follows)), follows, random.Random(7), POSTS_EACH)
    asyncio.run(write(data, story))
    return Seeded(story.people, tuple(story.posts))
