"""Search: a term by its posts in both orders, a tag by how many public posts it has, a word by the users who have it."""

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar

import orjson

from events.accounts import AccountEvent, AccountRegistered, ProfileChanged
from events.codec import Record
from events.posts import PostCreated, PostEdited
from events.topics import POSTS
from replay.oracle.accounts import accounts
from replay.oracle.posts import posts
from replay.oracle.search import by_date, by_likes, counted_tags, levels, terms_of, words_of
from replay.oracle.texts import tags_in, terms_in, words_in
from replay.subjects.subject import Entity, Fact, Member, Piece, Subject, Told, Value, mentions
from stores.ports.search import SearchKey, SearchReader, SearchSort, UserKey

_PAGE_COUNT = 500


class SearchSubject(Subject):
    PRIVATE: ClassVar[Collection[str]] = ("term", "tag", "word")

    def group(self, record: Record) -> str:
        """A post is told together with its likes."""
        if record.topic != POSTS:
            return record.key
        try:
            return str(orjson.loads(record.value)["post_id"])
        except (KeyError, TypeError, ValueError):
            return record.key

    def facts(self, told: Told) -> Iterable[Fact]:
        yield from _of_posts(told)
        yield from _of_users(told)

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        match entity[0]:
            case "term":
                ranks = [(level, post_id) for post_id, level in pieces if level is not None]
                return {"date": by_date(ranks), "likes": by_likes(ranks)}
            case "tag":
                return {"count": sum(is_counted for _, is_counted in pieces)}
            case _:
                return {"users": sorted(user_id for user_id, has in pieces if has)}

    async def read(
        self, view: SearchReader, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        key = str(entity[1])
        match entity[0]:
            case "term":
                return {"date": await _found(view, key, "date"), "likes": await _found(view, key, "likes")}
            case "tag":
                found = await view.tags(key, "", 1)
                return {"count": sum(each.post_count for each in found if each.tag == key)}
            case _:
                return {"users": await _with_word(view, key)}

    def made(self, entity: Entity, members: Collection[str], record: Record) -> bool:
        return not members or any(mentions(record, id_) for id_ in members)


def _of_posts(told: Told) -> Iterable[Fact]:
    there, liked = posts(told.events), levels(told.events)
    said: dict[int, set[str]] = {post_id: terms_of(post) for post_id, post in there.items()}
    tags: dict[int, set[str]] = {}
    for event in told.events:
        if isinstance(event, PostCreated | PostEdited):
            tags.setdefault(event.post_id, set()).update(tags_in(event.caption))
            said.setdefault(event.post_id, set()).update(_terms(event))
    for post_id, terms in said.items():
        now = terms_of(there[post_id]) if post_id in there else ()
        for term in terms:
            yield ("term", term), [post_id, liked.get(post_id, 0) if term in now else None]
    for post_id, mentioned in tags.items():
        counted = counted_tags(there[post_id]) if post_id in there else ()
        for tag in mentioned:
            yield ("tag", tag), [post_id, tag in counted]


def _terms(event: PostCreated | PostEdited) -> Iterable[str]:
    yield from terms_in(event.caption)
    yield from terms_in(event.place.name if event.place else "")
    yield from (f"#{tag}" for tag in tags_in(event.caption))


def _of_users(told: Told) -> Iterable[Fact]:
    people = accounts(told.events)
    said: dict[int, set[str]] = {}
    for event in told.events:
        if isinstance(event, AccountEvent):
            said.setdefault(event.user_id, set()).update(_words(event))
    for user_id, words in said.items():
        now = words_of(people[user_id]) if user_id in people else set[str]()
        for word in words | now:
            yield ("word", word), [user_id, word in now]


def _words(event: AccountEvent) -> Iterable[str]:
    if isinstance(event, AccountRegistered):
        yield from (event.username, *words_in(event.username)) if event.username else ()
    if isinstance(event, AccountRegistered | ProfileChanged):
        yield from words_in(event.display_name)


async def _found(view: SearchReader, term: str, sort: SearchSort) -> list[int]:
    found: list[int] = []
    key: SearchKey | None = None
    while True:
        page = await view.posts([term], sort, key, _PAGE_COUNT)
        found += page.post_ids
        key = page.next_key
        if key is None:
            return found


async def _with_word(view: SearchReader, word: str) -> list[int]:
    """Users with exactly this word come before those with longer ones that begin with it. Where they end is told by the key behind
    a page alone, so a page that goes too far is asked for again, shorter.
    """
    found: list[int] = []
    key: UserKey | None = None
    limit = 1
    while True:
        page = await view.users([word], key, limit)
        if page.next_key is not None and page.next_key.word == word:
            found += page.user_ids
            key, limit = page.next_key, min(limit * 2, _PAGE_COUNT)
        elif limit == 1:
            return found
        else:
            limit //= 2
