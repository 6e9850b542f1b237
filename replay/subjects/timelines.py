"""Timelines: an author by their posts and how many there are, a tag by its posts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from events.codec import Record
from events.posts import PostCreated, PostEdited, PostEvent
from replay.oracle.posts import posts
from replay.oracle.texts import tags_in
from replay.subjects.subject import (
    Entity,
    Fact,
    Member,
    Piece,
    Subject,
    Told,
    Value,
    digest,
    members_of,
    mentions,
    parts,
    whole,
)
from stores.ports.timelines import Post, TimelinesReader

_MERGED_COUNT = 500


class TimelinesSubject(Subject):
    PRIVATE: ClassVar[Collection[str]] = ("tag",)

    def facts(self, told: Told) -> Iterable[Fact]:
        found = posts(told.events)
        for post_id, author_id in {(e.post_id, e.author_id) for e in told.events if isinstance(e, PostEvent)}:
            post = found.get(post_id)
            yield ("author", author_id), [post_id, None if post is None else _said(post)]
        tagged = {
            (tag, e.post_id)
            for e in told.events
            if isinstance(e, PostCreated | PostEdited)
            for tag in tags_in(e.caption)
        }
        for tag, post_id in tagged:
            yield ("tag", tag), [post_id, post_id in found and tag in found[post_id]["tags"]]

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        there = {post_id: said for post_id, said in sorted(pieces) if said}
        listed = sorted(there, reverse=True)
        if entity[0] == "tag":
            return {"posts": listed}
        said = {str(post_id): post for post_id, post in there.items()}
        return {"posts": said, "listed": listed, "merged": listed, "count": len(listed)}

    async def read(
        self, view: TimelinesReader, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        if entity[0] == "tag":
            return {"posts": await whole(partial(view.with_tag, str(entity[1])))}
        author_id = int(entity[1])
        listed = await whole(partial(view.of_author, author_id))
        asked = parts(members_of(pieces, [*held, *listed]))
        found = {id_: post for some in asked for id_, post in (await view.posts(some)).items()}
        return {
            "posts": {str(post_id): _said(_fields(post)) for post_id, post in sorted(found.items())},
            "listed": listed,
            "merged": await _merged(view, author_id),
            "count": (await view.post_counts([author_id])).get(author_id, 0),
        }

    def made(self, entity: Entity, members: Collection[str], record: Record) -> bool:
        """Both are told by their posts."""
        return not members or any(mentions(record, post_id) for post_id in members)


async def _merged(view: TimelinesReader, author_id: int) -> list[int]:
    found: list[int] = []
    before = None
    while page := await view.of_authors([author_id], before, _MERGED_COUNT):
        found += [post_id for post_id, _ in page]
        before = found[-1]
    return found


def _fields(post: Post) -> dict[str, Any]:
    return {name: getattr(post, name) for name in post.__dataclass_fields__}


def _said(post: Mapping[str, Any]) -> dict[str, Any]:
    place = post["place"]
    return {
        **post,
        "media_ids": list(post["media_ids"]),
        "caption": digest(post["caption"]),
        "tags": [digest(tag) for tag in post["tags"]],
        "place": None if place is None else digest(place.model_dump_json()),
    }
