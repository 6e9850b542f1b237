"""People as JSON: what is remembered, what is made anew, and that it has the declared shape."""

import dataclasses
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from api.people import Me, People, User, UserSummary
from events.media import Rendition
from stores.ports.accounts import Account
from stores.ports.errors import EmptiedError
from stores.ports.graph import GraphCounts
from stores.ports.media import Media
from stores.ports.views import Views

ADA, BOB, EVE = 7, 8, 9
NOW_MS = 1_800_000_000_000


def account(user_id: int, username: str, avatar: int | None = None) -> Account:
    return Account(user_id, username, f"{username}@x", username.title(), "bio", "", avatar, NOW_MS, NOW_MS)


def rendition(name: str, area: str = "public") -> Rendition:
    return Rendition.model_validate(
        {
            "name": name,
            "object_key": f"{area}/5/{name}.webp",
            "width": 320,
            "height": 200,
            "content_type": "image/webp",
            "size_bytes": 99,
        }
    )


def media(status: str = "ready", *renditions: Rendition) -> Media:
    fields: dict[str, Any] = {field.name: None for field in dataclasses.fields(Media)}
    return Media(**{**fields, "media_id": 5, "status": status, "renditions": renditions})


class Objects:
    """URLs that say what they were made of."""

    def public_url(self, key: str) -> str:
        return f"/public?{key}"

    def signed_url(self, key: str, now_ms: int, audience: str) -> str:
        return f"/signed?{key}&{now_ms}&{audience}"


class Readers:
    """All readers that a profile is made from."""

    def __init__(self) -> None:
        self.there = {ADA: account(ADA, "ada"), BOB: account(BOB, "bob", 5), EVE: account(EVE, "eve")}
        self.files: dict[int, Media] = {}
        self.follows = {(ADA, BOB), (EVE, ADA), (ADA, EVE)}
        self.is_believed, self.is_emptied = True, False

    def views(self) -> Views:
        graph = SimpleNamespace(
            following_among=self.following_among, followers_among=self.followers_among, counts=self.old_counts
        )
        feeds = SimpleNamespace(believed=self.believed, counts=self.counts)
        timelines = SimpleNamespace(post_counts=self.post_counts)
        found = {"accounts": self, "media": self, "graph": graph, "feeds": feeds, "timelines": timelines}
        return cast(Views, SimpleNamespace(**found))

    async def accounts(self, user_ids: Collection[int]) -> dict[int, Account]:
        return {user_id: self.there[user_id] for user_id in user_ids if user_id in self.there}

    async def media(self, media_ids: Collection[int]) -> dict[int, Media]:
        return {media_id: self.files[media_id] for media_id in media_ids if media_id in self.files}

    async def following_among(self, user_id: int, others: Collection[int]) -> set[int]:
        return {other for other in others if (user_id, other) in self.follows}

    async def followers_among(self, user_id: int, others: Collection[int]) -> set[int]:
        return {other for other in others if (other, user_id) in self.follows}

    async def believed(self) -> bool:
        return self.is_believed

    async def counts(self, user_ids: Collection[int]) -> dict[int, GraphCounts]:
        if self.is_emptied:
            raise EmptiedError
        return {BOB: GraphCounts(3, 4)}

    async def old_counts(self, user_ids: Collection[int]) -> dict[int, GraphCounts]:
        return {BOB: GraphCounts(1, 2)}

    async def post_counts(self, user_ids: Collection[int]) -> dict[int, int]:
        return {BOB: 12}


@pytest.fixture
def readers() -> Readers:
    return Readers()


@pytest.fixture
def people() -> People:
    return People(cast(Any, Objects()), lambda: NOW_MS, remembered_count=2)


async def summary(people: People, readers: Readers, me: int | None, user_id: int) -> dict[str, Any]:
    found = await people.summaries(readers.views(), me, (user_id,))
    UserSummary.model_validate_json(found[user_id])
    parsed: dict[str, Any] = orjson.loads(found[user_id])
    return parsed


async def test_a_summary(people: People, readers: Readers) -> None:
    assert await summary(people, readers, None, ADA) == {
        "id": "7",
        "username": "ada",
        "display_name": "Ada",
        "avatar": None,
        "private": False,
        "relationship": None,
    }


async def test_who_is_not_there_is_left_out(people: People, readers: Readers) -> None:
    assert list(await people.summaries(readers.views(), ADA, [BOB, 99])) == [BOB]
    assert await people.users(readers.views(), ADA, [99]) == {}


@pytest.mark.parametrize(
    ("me", "other", "following", "followed_by"),
    [
        (ADA, BOB, True, False),
        (BOB, ADA, False, True),
        (ADA, EVE, True, True),
        (BOB, EVE, False, False),
        (ADA, ADA, False, False),
    ],
)
async def test_relationships(
    people: People, readers: Readers, me: int, other: int, following: bool, followed_by: bool
) -> None:
    assert (await summary(people, readers, me, other))["relationship"] == {
        "following": following,
        "followed_by": followed_by,
        "requested": False,
        "blocking": False,
        "muting": False,
    }


async def test_an_avatar_is_the_small_rendition(people: People, readers: Readers) -> None:
    readers.files[5] = media("ready", rendition("thumb"), rendition("small"), rendition("large"))
    avatar = (await summary(people, readers, None, BOB))["avatar"]
    assert avatar == {"url": "/public?public/5/small.webp", "width": 320, "height": 200}


@pytest.mark.parametrize("found", [None, media("rejected"), media("ready")])
async def test_no_avatar_to_show(people: People, readers: Readers, found: Media | None) -> None:
    if found is not None:
        readers.files[5] = found
    assert (await summary(people, readers, None, BOB))["avatar"] is None


async def test_an_avatar_that_was_not_moved_yet_is_signed_for(people: People, readers: Readers) -> None:
    readers.files[5] = media("ready", rendition("thumb", "private"))
    avatar = (await summary(people, readers, None, BOB))["avatar"]
    assert avatar["url"] == f"/signed?private/5/thumb.webp&{NOW_MS}&public"
    assert people._known == {}


async def test_what_is_remembered_is_dropped_when_account_or_avatar_change(
    people: People, readers: Readers
) -> None:
    first = await people.summaries(readers.views(), None, (BOB,))
    assert await people.summaries(readers.views(), None, (BOB,)) == first
    readers.files[5] = media("ready", rendition("small"))
    assert (await summary(people, readers, None, BOB))["avatar"] is not None
    readers.there[BOB] = dataclasses.replace(readers.there[BOB], display_name='"B\u2028"')
    assert (await summary(people, readers, None, BOB))["display_name"] == '"B\u2028"'


async def test_only_so_many_are_remembered(people: People, readers: Readers) -> None:
    await people.summaries(readers.views(), None, (ADA, BOB, EVE))
    assert list(people._known) == [BOB, EVE]


async def test_a_profile(people: People, readers: Readers) -> None:
    found = (await people.users(readers.views(), ADA, (BOB,)))[BOB]
    user = User.model_validate_json(found)
    assert user.counts.model_dump() == {"posts": 12, "followers": 3, "following": 4}
    assert (user.bio, user.location, user.created_at) == ("bio", "", "2027-01-15T08:00:00.000Z")
    assert user.relationship is not None
    assert user.relationship.following


@pytest.mark.parametrize("lacking", ["not believed", "emptied meanwhile"])
async def test_follows_are_counted_by_the_graph_while_feeds_are_filled(
    people: People, readers: Readers, lacking: str
) -> None:
    readers.is_believed, readers.is_emptied = lacking != "not believed", lacking == "emptied meanwhile"
    found = (await people.users(readers.views(), None, (BOB,)))[BOB]
    assert User.model_validate_json(found).counts.followers == 1


async def test_only_oneself_sees_the_address(people: People, readers: Readers) -> None:
    mine = Me.model_validate_json(await people.me(readers.views(), readers.there[BOB]))
    assert (mine.email, mine.counts.posts) == ("bob@x", 12)
    new = orjson.loads(await people.user(readers.views(), readers.there[ADA]))
    assert "email" not in new
    assert new["counts"] == {"posts": 0, "followers": 0, "following": 0}
