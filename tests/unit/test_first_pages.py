"""A feed's first page that is given again is the one that would be made: whatever has happened, and to whomever."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from api.calls import Answer, Call
from api.feeds import get_feed, skeleton
from api.first_pages import KEPT_MS, FirstPages
from api.hydrate import page_of_posts
from api.services import Services
from events.accounts import AccountSeen, ProfileChanged
from events.comments import CommentAdded, CommentDeleted
from events.likes import PostLiked, PostUnliked
from events.media import MediaDeleted, MediaEdited
from events.posts import PostDeleted, PostEdited
from events.saves import PostSaved, PostUnsaved
from projectors.feeds import FEEDS
from stores.sqlite import feeds
from stores.sqlite.database import MEMORY
from stores.sqlite.feeds import SqliteFeeds
from stores.sqlite.watching import watching
from tests.unit.folding import ADA, BOB, CY, World, paged_call

PEOPLE = (ADA, BOB, CY)
LIMIT = 3


class Feeds(World):
    """With feeds."""

    def __init__(self, celebrity_threshold: int = 99) -> None:
        super().__init__()
        self.feeds = SqliteFeeds(MEMORY, cap=6, celebrity_threshold=celebrity_threshold)
        self._folds = (*self._folds, (FEEDS, self.feeds))
        self.views = replace(self.views, feeds=self.feeds)
        pages = FirstPages(watching, lambda: self.now_ms)
        self.app = cast(Services, SimpleNamespace(**vars(self.app), first_pages=pages))
        self.posts: list[int] = []

    async def begin(self) -> None:
        await self.feeds.filled()
        await self.feeds.believed()
        await self.register(*PEOPLE)

    async def publish(self, author_id: int, visibility: Any = "public") -> int:
        self.now_ms += 1
        self.posts.append(await self.post(self.ids.next(), author_id, visibility))
        return self.posts[-1]

    async def given(self, reader_id: int) -> Any:
        return (await get_feed(self.app, call(reader_id))).body

    async def fresh(self, reader_id: int) -> Any:
        asked = call(reader_id)
        return (
            await page_of_posts(self.app, self.views, asked, partial(skeleton, self.views, reader_id))
        ).body


def call(reader_id: int) -> Call:
    found = cast(Any, paged_call(reader_id, LIMIT))
    found.me, found.after = reader_id, None
    return cast(Call, found)


@contextmanager
def small_pages() -> Iterator[None]:
    with patch.object(feeds, "_FIRST_PAGE_COUNT", LIMIT + 1):
        yield


Deed = Callable[[Feeds, int, int], Awaitable[object]]


def of_post(kind: type[Any], **named: Any) -> Deed:
    """What happens to a post; `named` are its other fields, some of them made of who acts and on which post."""

    async def deed(world: Feeds, actor_id: int, post_id: int) -> None:
        author_id = (
            (await world.timelines.posts([post_id]))[post_id].author_id if post_id in world.posts else 0
        )
        stamp = world.command(author_id if kind in (PostEdited, PostDeleted) else actor_id).stamp()
        extra = {
            name: value(actor_id, post_id) if callable(value) else value for name, value in named.items()
        }
        await world.append(kind(**stamp, post_id=post_id, author_id=author_id, **extra))
        if kind is PostDeleted:
            world.posts.remove(post_id)

    return deed


def of_media(kind: type[Any], **named: Any) -> Deed:
    async def deed(world: Feeds, actor_id: int, post_id: int) -> None:
        post = (await world.timelines.posts([post_id]))[post_id]
        stamp = world.command(post.author_id).stamp()
        await world.append(kind(**stamp, media_id=post.media_ids[0], owner_id=post.author_id, **named))

    return deed


async def rename(world: Feeds, actor_id: int, post_id: int) -> None:
    stamp = world.command(actor_id).stamp()
    await world.append(
        ProfileChanged(
            **stamp, user_id=actor_id, changed=("display_name",), display_name=f"{post_id} {stamp['id']}"
        )
    )


async def be_seen(world: Feeds, actor_id: int, post_id: int) -> None:
    await world.append(AccountSeen(**world.command(actor_id).stamp(), user_id=actor_id))


def comment_id(actor_id: int, post_id: int) -> int:
    return post_id + actor_id


DEEDS: tuple[Deed, ...] = (
    of_post(PostLiked),
    of_post(PostUnliked),
    of_post(PostSaved),
    of_post(PostUnsaved),
    of_post(CommentAdded, comment_id=comment_id, commenter_id=lambda actor_id, _: actor_id, text="so"),
    of_post(CommentDeleted, comment_id=comment_id, commenter_id=lambda actor_id, _: actor_id),
    of_post(PostEdited, changed=("caption",), caption="edited"),
    of_post(PostEdited, changed=("visibility",), visibility="followers"),
    of_post(PostEdited, changed=("visibility",), visibility="public"),
    of_post(PostDeleted),
    of_media(MediaEdited, changed=("alt_text",), alt_text="described"),
    of_media(MediaDeleted),
    rename,
    be_seen,
    lambda world, actor_id, _: world.publish(actor_id),
    lambda world, actor_id, _: world.publish(actor_id, "followers"),
    lambda world, actor_id, post_id: world.follow(actor_id, other(actor_id, post_id)),
    lambda world, actor_id, post_id: world.unfollow(actor_id, other(actor_id, post_id)),
    lambda world, _, __: world.feeds.forget_idle(1 << 60),
)


def other(actor_id: int, choice: int) -> int:
    return [person for person in PEOPLE if person != actor_id][choice % 2]


@settings(max_examples=60)
@given(
    happenings=st.lists(
        st.tuples(st.sampled_from(DEEDS), st.sampled_from(PEOPLE), st.integers(0, 5), st.booleans()),
        max_size=40,
    ),
    celebrity_threshold=st.sampled_from((0, 1, 99)),
)
def test_what_is_given_again_is_what_would_be_made(
    happenings: list[tuple[Deed, int, int, bool]], celebrity_threshold: int
) -> None:
    async def live() -> None:
        world = Feeds(celebrity_threshold)
        await world.begin()
        for reader_id in (BOB, CY):
            await world.follow(reader_id, ADA)
        for _ in range(LIMIT + 2):
            await world.publish(ADA)
        for deed, actor_id, choice, is_read in happenings:
            if not world.posts:
                await world.publish(ADA)
            await deed(world, actor_id, world.posts[-1 - choice % len(world.posts)])
            for reader_id in PEOPLE if is_read else ():
                assert await world.given(reader_id) == await world.fresh(reader_id)
        world.close()

    with small_pages():
        asyncio.run(live())


async def made_count(world: Feeds, *deeds: Callable[[], Awaitable[object]]) -> int:
    """How many different answers Bob is given while all this happens."""
    answers: list[Answer] = []
    for deed in (None, None, *deeds):
        if deed is not None:
            await deed()
        answers.append(await get_feed(world.app, call(BOB)))
    world.close()
    return len({id(answer) for answer in answers})


async def full_feed() -> Feeds:
    world = Feeds()
    await world.begin()
    await world.follow(BOB, ADA)
    for _ in range(LIMIT + 2):
        await world.publish(ADA)
    return world


async def test_a_page_is_made_once_while_others_do_other_things() -> None:
    with small_pages():
        world = await full_feed()
        own = await world.publish(CY)
        assert await made_count(
            world,
            lambda: of_post(PostLiked)(world, ADA, own),
            lambda: of_post(PostSaved)(world, CY, world.posts[-2]),
            lambda: rename(world, CY, own),
            lambda: world.follow(CY, ADA),
        ) == 1  # fmt: skip


async def test_a_page_is_made_again_when_something_in_it_has_changed() -> None:
    with small_pages():
        world = await full_feed()
        last = world.posts[-1]
        assert await made_count(
            world,
            lambda: of_post(PostLiked)(world, CY, last),
            lambda: of_post(PostSaved)(world, BOB, last),
            lambda: rename(world, ADA, last),
            lambda: world.follow(ADA, BOB),
            lambda: world.publish(ADA),
        ) == 6  # fmt: skip


async def test_a_page_is_made_again_after_a_while() -> None:
    with small_pages():
        world = await full_feed()

        async def wait() -> None:
            world.now_ms += KEPT_MS

        assert await made_count(world, wait) == 2
