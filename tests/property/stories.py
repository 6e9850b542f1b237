"""Histories: events as they may stand on a log, told from plain numbers, so that what fails shrinks to few and small steps.

A story is hostile within what producers can do: commands are repeated, likes come before their posts, edits after deletions,
two users race for a name. What can never be appended (a post under another author's key) is not told.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from events.accounts import AccountRegistered, AccountSeen, ProfileChanged, ProfileField
from events.comments import CommentAdded, CommentDeleted, CommentEdited
from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from events.ids import EPOCH_MS
from events.likes import PostLiked, PostUnliked
from events.media import (
    FocalPoint,
    MediaAttached,
    MediaDeleted,
    MediaEdited,
    MediaProcessed,
    MediaRejected,
    MediaUploaded,
    MediaUploadStarted,
    Rendition,
)
from events.names import NameClaimed, NameKept, NameKind, NameReleased, Registration
from events.posts import Place, PostCreated, PostDeleted, PostEdited, PostField, Visibility
from events.saves import PostSaved, PostUnsaved

Choice = tuple[int, int, int, int]
"""Which action, and three numbers that it may use."""

USERS = (11, 12, 13, 14)
CAPTIONS = (
    "",
    "harbor",
    "#Harbor at dusk",
    "dusk #harbor #dusk #harbor",
    "old harbor lights",
    "Harbor lights #lights",
    "#\u00c9t\u00e9 lights",
)
PLACES = (
    None,
    Place(name="Harbor Bridge", latitude=1.5, longitude=-2.25),
    Place(name="Dusk", latitude=0, longitude=0),
)
NAMES = ("ada", "brin", "cleo", "dov")
DISPLAY_NAMES = ("", "Ada Brin", "Cleo", "Brin D")
_NAME_KINDS: tuple[NameKind, ...] = ("username", "email")
_VISIBILITIES: tuple[Visibility, ...] = ("public", "followers")
_POST_FIELDS: tuple[PostField, ...] = ("caption", "place", "visibility")
_PROFILE_FIELDS: tuple[ProfileField, ...] = ("display_name", "bio", "location", "avatar_media_id")
_START_MS = EPOCH_MS + 1_000


class Story:
    """Actions by name; each appends its events to `events`. Things have slots, and get their ids when first mentioned."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self._now_ms = _START_MS
        self._made_count = 0
        self._posts: dict[int, int] = {}
        self._comments: dict[int, int] = {}
        self._media: dict[int, int] = {}

    def tell(self, actions: Sequence[str], choices: Sequence[Choice]) -> list[Envelope]:
        for action, a, b, c in choices:
            self._now_ms += c % 3
            tell: Callable[[int, int, int], None] = getattr(self, actions[action % len(actions)])
            tell(a, b, c)
        return self.events

    def like(self, a: int, b: int, c: int) -> None:
        self._say(PostLiked, _user(a), post_id=self._post(b), author_id=_author(b))

    def unlike(self, a: int, b: int, c: int) -> None:
        self._say(PostUnliked, _user(a), post_id=self._post(b), author_id=_author(b))

    def save(self, a: int, b: int, c: int) -> None:
        self._say(PostSaved, _user(a), post_id=self._post(b), author_id=_author(b))

    def unsave(self, a: int, b: int, c: int) -> None:
        self._say(PostUnsaved, _user(a), post_id=self._post(b), author_id=_author(b))

    def comment(self, a: int, b: int, c: int) -> None:
        self._say(CommentAdded, _user(b), **self._commented(b), text=f"first {c}")

    def edit_comment(self, a: int, b: int, c: int) -> None:
        self._say(CommentEdited, _user(b), **self._commented(b), text=f"then {a} {c}")

    def delete_comment(self, a: int, b: int, c: int) -> None:
        self._say(CommentDeleted, _author(_slot_of_commented(b)), **self._commented(b))

    def post(self, a: int, b: int, c: int) -> None:
        self._say(
            PostCreated,
            _author(b),
            post_id=self._post(b),
            author_id=_author(b),
            media_ids=tuple(self._medium(slot) for slot in range(b, b + 1 + a % 2)),
            visibility=_VISIBILITIES[a % 2],
            caption=CAPTIONS[c % len(CAPTIONS)],
            place=PLACES[(a + c) % len(PLACES)],
        )

    def edit_post(self, a: int, b: int, c: int) -> None:
        changed = _some(_POST_FIELDS, 1 + a)
        values: dict[str, Any] = {
            "caption": CAPTIONS[c % len(CAPTIONS)],
            "place": PLACES[c % len(PLACES)],
            "visibility": _VISIBILITIES[c % 2],
        }
        said = {name: values[name] for name in changed}
        self._say(
            PostEdited, _author(b), post_id=self._post(b), author_id=_author(b), changed=changed, **said
        )

    def delete_post(self, a: int, b: int, c: int) -> None:
        self._say(PostDeleted, _author(b), post_id=self._post(b), author_id=_author(b))

    def follow(self, a: int, b: int, c: int) -> None:
        if _user(a) != _user(b):
            self._say(Followed, _user(a), follower_id=_user(a), followed_id=_user(b))

    def unfollow(self, a: int, b: int, c: int) -> None:
        if _user(a) != _user(b):
            self._say(Unfollowed, _user(a), follower_id=_user(a), followed_id=_user(b))

    def register(self, a: int, b: int, c: int) -> None:
        name = NAMES[a % len(NAMES)]
        self._say(
            AccountRegistered,
            _user(a),
            user_id=_user(a),
            username=name,
            email=f"{name}@example.org",
            display_name=DISPLAY_NAMES[b % len(DISPLAY_NAMES)],
            location="here",
        )

    def change_profile(self, a: int, b: int, c: int) -> None:
        changed = _some(_PROFILE_FIELDS, 1 + b)
        values: dict[str, Any] = {
            "display_name": DISPLAY_NAMES[c % len(DISPLAY_NAMES)],
            "bio": f"bio {c}",
            "location": f"place {c}",
            "avatar_media_id": self._medium(c) if c % 2 else None,
        }
        said = {name: values[name] for name in changed}
        self._say(ProfileChanged, _user(a), user_id=_user(a), changed=changed, **said)

    def be_seen(self, a: int, b: int, c: int) -> None:
        self._say(AccountSeen, _user(a), user_id=_user(a))

    def claim(self, a: int, b: int, c: int) -> None:
        self._say(NameClaimed, _user(a), user_id=_user(a), **_name(b))

    def keep(self, a: int, b: int, c: int) -> None:
        registration = Registration(username=NAMES[a % 4], email="x@example.org") if b % 2 == 0 else None
        claim_id = self._claim_of(a, b, c)
        self._say(
            NameKept, _user(a), user_id=_user(a), **_name(b), claim_id=claim_id, registration=registration
        )

    def release(self, a: int, b: int, c: int) -> None:
        self._say(NameReleased, _user(a), user_id=_user(a), **_name(b), claim_id=self._claim_of(a, b, c))

    def declare(self, a: int, b: int, c: int) -> None:
        self._say(
            MediaUploadStarted,
            _user(b),
            **self._owned(b),
            object_key=f"originals/{b}",
            content_type="image/jpeg",
            size_bytes=1 + c,
            sha256=sha256(bytes([b])).hexdigest(),
            filter="mono" if c % 2 else "none",
            focal_point=FocalPoint(x=0.5, y=-0.5) if a % 2 else None,
            alt_text="a harbor" if c % 3 else "",
        )

    def upload(self, a: int, b: int, c: int) -> None:
        self._say(MediaUploaded, _user(b), **self._owned(b))

    def process(self, a: int, b: int, c: int) -> None:
        rendition = Rendition(
            name="thumb",
            object_key=f"renditions/{b}/{c}",
            width=15,
            height=10,
            content_type="image/webp",
            size_bytes=99 + c,
        )
        self._say(
            MediaProcessed,
            _user(b),
            **self._owned(b),
            width=30,
            height=20,
            blurhash="LKO2",
            renditions=(rendition,),
        )

    def reject(self, a: int, b: int, c: int) -> None:
        self._say(MediaRejected, _user(b), **self._owned(b), reason="corrupt" if c % 2 else "hash_mismatch")

    def edit_media(self, a: int, b: int, c: int) -> None:
        if a % 2:
            self._say(MediaEdited, _user(b), **self._owned(b), changed=("alt_text",), alt_text=f"alt {c}")
        else:
            point = FocalPoint(x=0, y=c / 10) if c % 2 else None
            self._say(MediaEdited, _user(b), **self._owned(b), changed=("focal_point",), focal_point=point)

    def attach(self, a: int, b: int, c: int) -> None:
        kind = "post" if a % 2 else "avatar"
        self._say(MediaAttached, _user(b), **self._owned(b), attached_kind=kind, attached_id=500 + c)

    def delete_media(self, a: int, b: int, c: int) -> None:
        self._say(MediaDeleted, _user(b), **self._owned(b))

    def _say(self, kind: type[Envelope], actor_id: int, /, **fields: Any) -> None:
        id_ = self._id(self._now_ms)
        at = datetime.fromtimestamp(self._now_ms / 1000, UTC)
        self.events.append(kind(id=id_, occurred_at=at, actor_id=actor_id, correlation_id=id_, **fields))

    def _id(self, ms: int) -> int:
        self._made_count += 1
        return (ms - EPOCH_MS) << 23 | self._made_count

    def _post(self, slot: int) -> int:
        """Its id was made by some process whose clock is off by a little: ids of posts do not rise with the log."""
        if slot not in self._posts:
            self._posts[slot] = self._id(self._now_ms + (slot * 7) % 5 - 2)
        return self._posts[slot]

    def _medium(self, slot: int) -> int:
        return self._media.setdefault(slot, 900 + slot)

    def _commented(self, slot: int) -> dict[str, int]:
        if slot not in self._comments:
            self._comments[slot] = self._id(self._now_ms)
        commented = _slot_of_commented(slot)
        return {
            "post_id": self._post(commented),
            "author_id": _author(commented),
            "comment_id": self._comments[slot],
            "commenter_id": _user(slot),
        }

    def _claim_of(self, a: int, b: int, c: int) -> int:
        """The user's last claim of the name, or one before it: the command that made it may come late."""
        name = _name(b)["digest"]
        claims = [
            event.id
            for event in self.events
            if isinstance(event, NameClaimed) and (event.user_id, event.digest) == (_user(a), name)
        ]
        return claims[-1 - c % min(2, len(claims))] if claims else 1

    def _owned(self, slot: int) -> dict[str, int]:
        return {"media_id": self._medium(slot), "owner_id": _user(slot)}


def _user(number: int) -> int:
    return USERS[number % len(USERS)]


def _author(post_slot: int) -> int:
    return _user(post_slot)


def _slot_of_commented(comment_slot: int) -> int:
    return comment_slot % 2


def _name(slot: int) -> dict[str, str]:
    """Few names, so that users race for them."""
    return {"digest": sha256(bytes([slot % 4])).hexdigest(), "kind": _NAME_KINDS[slot % 2]}


def _some(names: Sequence[Any], bits: int) -> tuple[Any, ...]:
    chosen = tuple(name for n, name in enumerate(names) if bits >> n & 1)
    return chosen or (names[0],)
