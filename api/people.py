"""People as clients see them: the models for the OpenAPI document, and the JSON that is written.

The part of a person that is the same for every viewer is remembered as bytes for as long as the reader hands out the same
account and the same avatar; only the relationship is made anew. Whether a viewer may see somebody is not decided here.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import orjson

from api.models import Id, Output, Time, rfc3339
from events.ids import Clock
from events.media import Rendition
from stores.ports.accounts import Account
from stores.ports.errors import EmptiedError
from stores.ports.graph import GraphCounts
from stores.ports.media import Media
from stores.ports.objects import Objects, area_of
from stores.ports.together import Together, in_turn
from stores.ports.views import Views

REMEMBERED_COUNT = 50_000
_AVATAR_RENDITIONS = ("small", "thumb", "medium", "large")
"""Which one an avatar is, the first there is: 320 pixels are enough for a profile's head."""


class Avatar(Output):
    url: str
    width: int
    height: int


class Relationship(Output):
    """How the viewer stands to somebody."""

    following: bool
    followed_by: bool
    requested: Literal[False]
    blocking: Literal[False]
    muting: Literal[False]


class UserSummary(Output):
    """`relationship` is null for a viewer who is not signed in."""

    id: Id
    username: str
    display_name: str
    avatar: Avatar | None
    private: Literal[False]
    relationship: Relationship | None


class UserCounts(Output):
    posts: int
    followers: int
    following: int


class User(UserSummary):
    bio: str
    location: str
    counts: UserCounts
    created_at: Time


class Me(User):
    email: str


@dataclass(frozen=True, slots=True)
class Counts:
    posts: int = 0
    followers: int = 0
    following: int = 0


def relationship_json(following: bool, followed_by: bool) -> bytes:
    """What stands in a person's `relationship`, and what a follow answers."""
    return _RELATIONSHIPS[following, followed_by]


_RELATIONSHIPS = {
    (following, followed_by): orjson.dumps(
        {
            "following": following,
            "followed_by": followed_by,
            "requested": False,
            "blocking": False,
            "muting": False,
        }
    )
    for following in (False, True)
    for followed_by in (False, True)
}
NO_VIEWER = b"null"
_NO_MEDIA: Mapping[int, Media] = {}
NO_RELATIONSHIP = _RELATIONSHIPS[False, False]
"""Of somebody to themselves, and of strangers."""


@dataclass(slots=True)
class _Known:
    """Somebody's UserSummary up to the relationship, and with each of the few relationships that were asked for."""

    account: Account
    avatar: Media | None
    beginning: bytes
    _summaries: dict[bytes, bytes] = field(default_factory=dict)

    def summary(self, relationship: bytes) -> bytes:
        summary = self._summaries.get(relationship)
        if summary is None:
            summary = self._summaries[relationship] = self.beginning + relationship + b"}"
        return summary


class People:
    """Avatars are for everybody. One whose pictures have not been moved to the public area is fetched through a signed URL,
    which changes with time and so is not remembered.
    """

    def __init__(
        self,
        objects: Objects,
        clock: Clock,
        together: Together = in_turn,
        remembered_count: int = REMEMBERED_COUNT,
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._together = together
        self._remembered_count = remembered_count
        self._known: dict[int, _Known] = {}

    async def summaries(self, views: Views, me: int | None, user_ids: Collection[int]) -> dict[int, bytes]:
        """JSON of a UserSummary for each of those that are registered."""
        known, relationships = await self._together(
            self._registered(views, user_ids), self._relationships(views, me, user_ids)
        )
        return {user_id: person.summary(relationships[user_id]) for user_id, person in known.items()}

    async def listed(self, views: Views, me: int | None, user_ids: Sequence[int]) -> list[bytes]:
        """The same in this order, without those that are not there."""
        summaries = await self.summaries(views, me, user_ids)
        return [summaries[user_id] for user_id in user_ids if user_id in summaries]

    async def users(self, views: Views, me: int | None, user_ids: Collection[int]) -> dict[int, bytes]:
        """JSON of a User for each of those that are registered."""
        known, relationships, counts = await self._together(
            self._registered(views, user_ids),
            self._relationships(views, me, user_ids),
            counted(views, user_ids),
        )
        return {
            user_id: person.beginning + relationships[user_id] + _rest(person.account, counts[user_id]) + b"}"
            for user_id, person in known.items()
        }

    async def user(self, views: Views, account: Account) -> bytes:
        """JSON of a User that was just registered, as they see themselves."""
        known = (await self._of(views, {account.user_id: account}))[account.user_id]
        return known.beginning + NO_RELATIONSHIP + _rest(account, Counts()) + b"}"

    async def me(self, views: Views, account: Account) -> bytes:
        """JSON of a Me: the user as they see themselves."""
        user_id = account.user_id
        known = (await self._of(views, {user_id: account}))[user_id]
        counts = (await counted(views, (user_id,)))[user_id]
        email = orjson.dumps(account.email)
        return known.beginning + NO_RELATIONSHIP + _rest(account, counts) + b',"email":' + email + b"}"

    async def _registered(self, views: Views, user_ids: Collection[int]) -> dict[int, _Known]:
        accounts, avatars = await self._together(
            views.accounts.accounts(user_ids), _media(views, self._remembered_avatars(user_ids))
        )
        return await self._of(views, accounts, avatars)

    def _remembered_avatars(self, user_ids: Collection[int]) -> list[int]:
        """Which they had when they were shown last, so that these are read together with the accounts."""
        avatars = (known.avatar for user_id in user_ids if (known := self._known.get(user_id)) is not None)
        return [avatar.media_id for avatar in avatars if avatar is not None]

    async def _relationships(
        self, views: Views, me: int | None, user_ids: Collection[int]
    ) -> dict[int, bytes]:
        if me is None:
            return dict.fromkeys(user_ids, NO_VIEWER)
        following, followers = await self._together(
            views.graph.following_among(me, user_ids), views.graph.followers_among(me, user_ids)
        )
        return {user_id: _RELATIONSHIPS[user_id in following, user_id in followers] for user_id in user_ids}

    async def _of(
        self, views: Views, accounts: Mapping[int, Account], read: Mapping[int, Media] = _NO_MEDIA
    ) -> dict[int, _Known]:
        """`read` are media that were read already."""
        wanted = {a.avatar_media_id for a in accounts.values() if a.avatar_media_id is not None}
        avatars = {**read, **await _media(views, wanted - read.keys())}
        people = {}
        for user_id, account in accounts.items():
            avatar = None if account.avatar_media_id is None else avatars.get(account.avatar_media_id)
            known = self._known.get(user_id)
            if known is None or known.account is not account or known.avatar is not avatar:
                known = self._remembered(account, avatar)
            people[user_id] = known
        return people

    def _remembered(self, account: Account, avatar: Media | None) -> _Known:
        rendition = _shown(avatar)
        is_lasting = rendition is None or area_of(rendition.object_key) == "public"
        beginning = _beginning(account, None if rendition is None else self._avatar(rendition))
        known = _Known(account, avatar, beginning)
        self._known.pop(account.user_id, None)
        if is_lasting:
            self._known[account.user_id] = known
        if len(self._known) > self._remembered_count:
            del self._known[next(iter(self._known))]
        return known

    def _avatar(self, rendition: Rendition) -> dict[str, object]:
        return {
            "url": self._url(rendition.object_key),
            "width": rendition.width,
            "height": rendition.height,
        }

    def _url(self, key: str) -> str:
        if area_of(key) == "public":
            return self._objects.public_url(key)
        return self._objects.signed_url(key, self._clock(), "public")


async def _media(views: Views, media_ids: Collection[int]) -> Mapping[int, Media]:
    return await views.media.media(media_ids) if media_ids else {}


def _shown(avatar: Media | None) -> Rendition | None:
    """The rendition that an avatar is shown as."""
    if avatar is None or avatar.status != "ready":
        return None
    by_name = {rendition.name: rendition for rendition in avatar.renditions}
    return next((by_name[name] for name in _AVATAR_RENDITIONS if name in by_name), None)


def _beginning(account: Account, avatar: dict[str, object] | None) -> bytes:
    """JSON of a UserSummary up to its relationship."""
    summary = {
        "id": str(account.user_id),
        "username": account.username,
        "display_name": account.display_name,
        "avatar": avatar,
        "private": False,
    }
    return orjson.dumps(summary)[:-1] + b',"relationship":'


def _rest(account: Account, counts: Counts) -> bytes:
    """What a User has beyond a UserSummary."""
    rest = {
        "bio": account.bio,
        "location": account.location,
        "counts": counts,
        "created_at": rfc3339(account.created_at_ms),
    }
    return b"," + orjson.dumps(rest)[1:-1]


async def counted(views: Views, user_ids: Collection[int]) -> dict[int, Counts]:
    """The counts of a profile. Those of follows come from the feeds, which hold the sets, unless these are being filled."""
    posts = await views.timelines.post_counts(user_ids)
    follows = await _follows(views, user_ids)
    nobody = GraphCounts(0, 0)
    return {
        user_id: Counts(
            posts.get(user_id, 0),
            follows.get(user_id, nobody).followers,
            follows.get(user_id, nobody).following,
        )
        for user_id in user_ids
    }


async def _follows(views: Views, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
    if await views.feeds.believed():
        with suppress(EmptiedError):
            return await views.feeds.counts(user_ids)
    return await views.graph.counts(user_ids)
