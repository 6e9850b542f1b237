"""What a view says through its reader's port about everything in a history, in the words of the oracle.

Every list is read in small pages, and everything that says the same in two ways is held against itself.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Protocol, TypeVar

from events.accounts import AccountRegistered
from events.envelope import Envelope
from events.names import NameEvent
from replay.oracle.graph import Graph
from replay.oracle.names import Held
from stores.ports.accounts import AccountsReader
from stores.ports.comments import Comment, CommentsReader
from stores.ports.graph import GraphCounts, GraphReader
from stores.ports.likes import LikesReader
from stores.ports.log import Entry, Partition
from stores.ports.media import Media, MediaReader
from stores.ports.names import Holder, NamesReader
from stores.ports.page import Page
from stores.ports.saves import SavesReader
from stores.ports.search import SearchReader, SearchSort
from stores.ports.timelines import Post, TimelinesReader
from tests.property.stories import DISPLAY_NAMES, NAMES, USERS

K = TypeVar("K")
T = TypeVar("T")
_PAGE_COUNT = 2
_STEMS = ("harbor", "dusk", "old", "light", "ete", "bridg")
"""Of every word of captions and places that is no stop word."""
_PEOPLE = ("actor_id", "user_id", "author_id", "follower_id", "followed_id", "owner_id")


class Offsets(Protocol):
    """As much of the log as a reading needs: what stands at an offset that a view names."""

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]: ...


async def whole(page: Callable[[int | None, int], Awaitable[Page[T]]]) -> list[T]:
    """The list behind the pages."""
    items: list[T] = []
    key: int | None = None
    while True:
        got = await page(key, _PAGE_COUNT)
        items += got.items
        if got.next_key is None:
            return items
        key = got.next_key


def ids(events: Iterable[Envelope], name: str) -> list[int]:
    return sorted({getattr(event, name) for event in events if hasattr(event, name)})


def people(events: Iterable[Envelope]) -> list[int]:
    """Everybody whom the events name, and some who may not be among them."""
    return sorted(
        {*USERS, *(getattr(event, name) for event in events for name in _PEOPLE if hasattr(event, name))}
    )


async def read_likes(view: LikesReader, events: Sequence[Envelope], log: Offsets) -> dict[int, list[int]]:
    posts = ids(events, "post_id")
    likers = {post: await whole(partial(view.likers, post)) for post in posts}
    counts = await view.counts(posts)
    assert {post: counts.get(post, 0) for post in posts} == {post: len(likers[post]) for post in posts}
    for user in people(events):
        assert set(await view.liked(user, posts)) == {post for post in posts if user in likers[post]}
    return _filled(likers)


async def read_saves(view: SavesReader, events: Sequence[Envelope], log: Offsets) -> dict[int, list[int]]:
    posts, users = ids(events, "post_id"), people(events)
    saves = {user: await whole(partial(view.posts, user)) for user in users}
    for user in users:
        assert set(await view.saved(user, posts)) == set(saves[user])
    return _filled(saves)


async def read_comments(
    view: CommentsReader, events: Sequence[Envelope], log: Offsets
) -> dict[int, list[Comment]]:
    posts = ids(events, "post_id")
    read = {}
    for post in posts:
        oldest = await whole(partial(view.page, post, "oldest"))
        newest = await whole(partial(view.page, post, "newest"))
        assert newest == oldest[::-1]
        known = {comment.comment_id: comment for comment in oldest}
        for comment_id in ids(events, "comment_id"):
            assert await view.get(post, comment_id) == known.get(comment_id)
        read[post] = oldest
    counts = await view.counts(posts)
    assert {post: counts.get(post, 0) for post in posts} == {post: len(read[post]) for post in posts}
    return _filled(read)


async def read_graph(view: GraphReader, events: Sequence[Envelope], log: Offsets) -> Graph:
    users = people(events)
    following = {u: await whole(partial(view.following, u)) for u in users}
    followers = {u: await whole(partial(view.followers, u)) for u in users}
    counts = await view.counts(users)
    for user in users:
        told = counts.get(user, GraphCounts(followers=0, following=0))
        assert told == GraphCounts(followers=len(followers[user]), following=len(following[user]))
        assert set(await view.following_among(user, users)) == set(following[user])
        assert set(await view.followers_among(user, users)) == set(followers[user])
    return Graph(_filled(following), _filled(followers))


def _filled(lists: dict[K, list[T]]) -> dict[K, list[T]]:
    return {key: items for key, items in lists.items() if items}


async def read_names(view: NamesReader, events: Sequence[Envelope], log: Offsets) -> dict[str, Held]:
    digests = {event.digest for event in events if isinstance(event, NameEvent)}
    holders = await view.holders(digests)
    assert sorted(_said(await view.of_users(people(events)))) == sorted(_said(holders.values()))
    return {digest: await _held(holder, log) for digest, holder in holders.items()}


def _said(holders: Iterable[Holder]) -> list[tuple[str, int]]:
    return [(holder.digest, holder.claim_id) for holder in holders]


async def _held(holder: Holder, log: Offsets) -> Held:
    kept_by = None
    if holder.kept_at is not None:
        entries = await log.read(*holder.kept_at, 1)
        kept_by = entries[0].record.id
    return Held(holder.user_id, holder.claim_id, holder.since_ms, kept_by)


async def read_accounts(
    view: AccountsReader, events: Sequence[Envelope], log: Offsets
) -> dict[int, dict[str, Any]]:
    accounts = await view.accounts(people(events))
    for username in {event.username for event in events if isinstance(event, AccountRegistered)}:
        named = await view.by_username(username)
        wanted = [account for account in accounts.values() if account.username == username]
        assert ([asdict(named)] if named else []) == [asdict(account) for account in wanted]
    return {user_id: asdict(account) for user_id, account in accounts.items()}


async def read_timelines(
    view: TimelinesReader, events: Sequence[Envelope], log: Offsets
) -> dict[int, dict[str, Any]]:
    users = people(events)
    known = await view.posts(ids(events, "post_id"))
    counts = await view.post_counts(users)
    for author in users:
        mine = [post.post_id for post in known.values() if post.author_id == author]
        listed = await whole(partial(view.of_author, author))
        assert listed == sorted(mine, reverse=True)
        assert counts.get(author, 0) == len(mine)
    for authors in (users[:1], users[1:3], users):
        await _check_merge(view, known.values(), authors)
    for tag in {"harbor", "dusk", "lights", "\u00e9t\u00e9"}:
        tagged = await whole(partial(view.with_tag, tag))
        assert tagged == sorted((p.post_id for p in known.values() if tag in p.tags), reverse=True)
    return {post_id: _fields(post) for post_id, post in known.items()}


async def _check_merge(view: TimelinesReader, known: Iterable[Post], authors: Sequence[int]) -> None:
    wanted = sorted(((p.post_id, p.author_id) for p in known if p.author_id in authors), reverse=True)
    before = None
    read: list[tuple[int, int]] = []
    while page := await view.of_authors(authors, before, _PAGE_COUNT):
        read += page
        before = page[-1][0]
    assert read == wanted


def _fields(row: Post | Media) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


async def read_media(
    view: MediaReader, events: Sequence[Envelope], log: Offsets
) -> dict[int, dict[str, Any]]:
    known = await view.media(ids(events, "media_id"))
    for kind, target in {medium.attached for medium in known.values() if medium.attached}:
        wanted = sorted(id_ for id_, medium in known.items() if medium.attached == (kind, target))
        assert [medium.media_id for medium in await view.attached_to(kind, target)] == wanted
    return {id_: _fields(medium) for id_, medium in known.items()}


async def read_search(view: SearchReader, events: Sequence[Envelope], log: Offsets) -> dict[str, Any]:
    texts = {f"#{tag}" for tag in ("harbor", "dusk", "lights", "\u00e9t\u00e9")} | {*_STEMS}
    terms = texts | {f"{one} {other}" for one in _STEMS for other in _STEMS}
    words = {word for name in _names(events) for word in name.lower().split()}
    prefixes = {word[:length] for word in words for length in range(1, len(word) + 1)}
    return {
        "date": _filled({term: await _found(view, term, "date") for term in terms}),
        "likes": _filled({term: await _found(view, term, "likes") for term in terms}),
        "tags": await _tags(view),
        "users": _filled({prefix: await _named(view, prefix) for prefix in prefixes}),
    }


def _names(events: Iterable[Envelope]) -> set[str]:
    registered = [event for event in events if isinstance(event, AccountRegistered)]
    return {*NAMES, *DISPLAY_NAMES} | {name for e in registered for name in (e.username, e.display_name)}


async def _found(view: SearchReader, term: str, sort: SearchSort) -> list[int]:
    page = await view.posts((term,), sort, None, _PAGE_COUNT)
    found = [*page.post_ids]
    while page.next_key is not None:
        page = await view.posts((term,), sort, page.next_key, _PAGE_COUNT)
        found += page.post_ids
    return found


async def _named(view: SearchReader, prefix: str) -> list[int]:
    page = await view.users((prefix,), None, _PAGE_COUNT)
    found = [*page.user_ids]
    while page.next_key is not None:
        page = await view.users((prefix,), page.next_key, _PAGE_COUNT)
        found += page.user_ids
    return found


async def _tags(view: SearchReader) -> dict[str, int]:
    tags: dict[str, int] = {}
    while page := await view.tags("", max(tags, default=""), _PAGE_COUNT):
        tags |= {found.tag: found.post_count for found in page}
    return tags
