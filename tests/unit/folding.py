"""A world in memory for the tests of commands and of reading: what is appended is folded into SQLite views at once."""

from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any, cast

from api.calls import Call
from api.people import People
from api.post_json import PostPieces
from api.services import Services
from events.accounts import AccountRegistered
from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from events.ids import Ids
from events.media import MediaProcessed, MediaUploadStarted, Rendition
from events.posts import Place, PostCreated, Visibility
from producers.command import Command
from producers.journal import Journal
from projectors.accounts import ACCOUNTS
from projectors.comments import COMMENTS
from projectors.graph import GRAPH
from projectors.likes import LIKES
from projectors.media import MEDIA
from projectors.saves import SAVES
from projectors.timelines import TIMELINES
from stores.ports.log import Positions
from stores.ports.objects import Audience
from stores.ports.together import in_turn
from stores.ports.views import Views
from stores.sqlite.accounts import SqliteAccounts
from stores.sqlite.comments import SqliteComments
from stores.sqlite.database import MEMORY
from stores.sqlite.graph import SqliteGraph
from stores.sqlite.likes import SqliteLikes
from stores.sqlite.media import SqliteMedia
from stores.sqlite.saves import SqliteSaves
from stores.sqlite.timelines import SqliteTimelines
from tests.contract.applying import apply

ADA, BOB, CY = 11, 12, 13
NOW_MS = 1_800_000_000_123
PLACE = Place(name="Wien", latitude=48.2, longitude=16.4)


class World:
    """`events` is everything that was appended. `is_caught_up` is what waiting for a position finds."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.is_caught_up = True
        self.events: list[Envelope] = []
        self.ids = Ids(1, lambda: self.now_ms)
        self.accounts, self.graph, self.media = (
            SqliteAccounts(MEMORY),
            SqliteGraph(MEMORY),
            SqliteMedia(MEMORY),
        )
        self.timelines, self.likes = SqliteTimelines(MEMORY), SqliteLikes(MEMORY)
        self.comments, self.saves = SqliteComments(MEMORY), SqliteSaves(MEMORY)
        self._folds: Sequence[tuple[Any, Any]] = (
            (ACCOUNTS, self.accounts), (GRAPH, self.graph), (MEDIA, self.media), (TIMELINES, self.timelines),
            (LIKES, self.likes), (COMMENTS, self.comments), (SAVES, self.saves),
        )  # fmt: skip
        absent = cast(Any, None)
        self.views = Views(
            names=absent, feeds=absent, search=absent, accounts=self.accounts, graph=self.graph, media=self.media,
            timelines=self.timelines, likes=self.likes, comments=self.comments, saves=self.saves,
        )  # fmt: skip
        self.log = cast(Journal, SimpleNamespace(append=self.append))
        self.objects = FakeObjects()
        self.app = cast(Services, SimpleNamespace(
            log=self.log, views=lambda: self.views, progress=self, clock=lambda: self.now_ms, objects=self.objects,
            people=People(cast(Any, self.objects), lambda: self.now_ms), post_pieces=PostPieces(), together=in_turn,
        ))  # fmt: skip

    def close(self) -> None:
        for _, view in self._folds:
            view.close()

    async def append(self, *events: Envelope) -> Positions:
        for event in events:
            self.events.append(event)
            for projection, view in self._folds:
                if isinstance(event, projection.events):
                    await apply(view, *projection.project(event), partition=(event.topic, 0))
        return {(event.topic, 0): len(self.events) for event in events}

    async def reached(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
        return self.is_caught_up

    def command(self, user_id: int) -> Command:
        return Command(user_id, self.now_ms, 1, self.ids)

    def appended(self, kind: type[Envelope]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def register(self, *user_ids: int) -> None:
        for user_id in user_ids:
            stamp = self.command(user_id).stamp()
            await self.append(
                AccountRegistered(**stamp, user_id=user_id, username=f"user{user_id}", email="x@y.z")
            )

    async def follow(self, follower_id: int, followed_id: int) -> None:
        stamp = self.command(follower_id).stamp()
        await self.append(Followed(**stamp, follower_id=follower_id, followed_id=followed_id))

    async def unfollow(self, follower_id: int, followed_id: int) -> None:
        stamp = self.command(follower_id).stamp()
        await self.append(Unfollowed(**stamp, follower_id=follower_id, followed_id=followed_id))

    async def declare(self, media_id: int, owner_id: int = ADA) -> None:
        """A file that was not processed yet."""
        await self.append(
            MediaUploadStarted(
                **self.command(owner_id).stamp(), media_id=media_id, owner_id=owner_id,
                object_key=f"originals/{media_id}/original", content_type="image/jpeg", size_bytes=9, sha256="0" * 64,
            )
        )  # fmt: skip

    async def photo(self, media_id: int, owner_id: int = ADA, area: Audience = "public") -> int:
        """A file that is ready, with one rendition in this area."""
        await self.declare(media_id, owner_id)
        await self.process(media_id, owner_id, area)
        return media_id

    async def process(self, media_id: int, owner_id: int = ADA, area: Audience = "public") -> None:
        small = Rendition(
            name="small", object_key=f"{area}/{media_id}/small.webp", width=3, height=2, content_type="image/webp",
            size_bytes=7,
        )  # fmt: skip
        await self.append(
            MediaProcessed(
                **self.command(owner_id).stamp(), media_id=media_id, owner_id=owner_id, width=6, height=4,
                blurhash="hash", renditions=(small,),
            )
        )  # fmt: skip

    async def post(
        self, post_id: int, author_id: int = ADA, visibility: Visibility = "public", caption: str = ""
    ) -> int:
        """A post with one photo of its own."""
        media_id = await self.photo(post_id + 1_000, author_id)
        await self.append(
            PostCreated(
                **self.command(author_id).stamp(), post_id=post_id, author_id=author_id, media_ids=(media_id,),
                visibility=visibility, caption=caption, place=PLACE,
            )
        )  # fmt: skip
        return post_id


class FakeObjects:
    """URLs that say what they are."""

    def public_url(self, key: str) -> str:
        return f"https://cdn/{key}"

    def signed_url(self, key: str, now_ms: int, audience: Audience = "private") -> str:
        return f"https://store/{key}?{audience}&{now_ms}"


def paged_call(viewer_id: int | None, limit: int, after: int | None = None) -> Call:
    """A request for a page; its cursors are the bare keys."""
    return cast(
        Call,
        SimpleNamespace(
            path="/v1/list", parameters={}, viewer_id=viewer_id, limit=limit, after_int=lambda: after,
            cursor=lambda keys: str(keys[0]), is_without_feeds=False,
        ),
    )  # fmt: skip
