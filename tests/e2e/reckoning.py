"""The ledger of what clients wrote, held against the log: every acknowledged write is there once, the others at most once, in their
places, and nothing that nobody wrote. What is several events is there as a whole.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import get_args

from events.accounts import AccountRegistered, ProfileChanged
from events.comments import CommentAdded, CommentDeleted, CommentEdited
from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from events.likes import PostLiked, PostUnliked
from events.media import MediaAttached, MediaDeleted, MediaUploadStarted
from events.names import NameEvent, NameKept, NameKind
from events.operations import OperationEvent
from events.posts import PostCreated, PostDeleted, PostEdited
from events.saves import PostSaved, PostUnsaved
from replay.oracle.names import Held
from tests.e2e.aftermath import Told
from tests.e2e.ledger import Ledger, Thing, Value, explained


def check_ledger(ledger: Ledger, found: Told) -> None:
    written = [event.id for event in found.events if not isinstance(event, OperationEvent)]
    assert len(set(written)) == len(written)  # of operations, each is there at least once
    _check_attempts(ledger, found)
    _check_keyed(ledger, found)
    _check_order(ledger, found)
    _check_nothing_half(found)
    _check_names(ledger, found)


def _check_attempts(ledger: Ledger, found: Told) -> None:
    """Nothing is joined, changed or deleted that nobody asked for; and what was, in the order in which it was asked for."""
    told: dict[Thing, list[Value]] = {}
    for event in found.events:
        if (act := act_of(event)) is not None:
            told.setdefault(act[0], []).append(act[1])
    assert told.keys() <= ledger.attempts.keys(), told.keys() - ledger.attempts.keys()
    for thing, attempts in ledger.attempts.items():
        assert explained(told.get(thing, []), attempts), (thing, told.get(thing), attempts)


def act_of(event: Envelope) -> tuple[Thing, Value] | None:
    match event:
        case PostLiked() | PostUnliked():
            return ("like", str(event.actor_id), str(event.post_id)), isinstance(event, PostLiked)
        case PostSaved() | PostUnsaved():
            return ("save", str(event.actor_id), str(event.post_id)), isinstance(event, PostSaved)
        case Followed() | Unfollowed():
            return ("follow", str(event.follower_id), str(event.followed_id)), isinstance(event, Followed)
        case PostEdited() | PostDeleted():
            return ("post", str(event.post_id)), event.caption if isinstance(event, PostEdited) else None
        case CommentEdited() | CommentDeleted():
            return ("comment", str(event.comment_id)), event.text if isinstance(
                event, CommentEdited
            ) else None
        case ProfileChanged():
            return ("profile", str(event.user_id)), event.bio
        case _:
            return None


def _check_keyed(ledger: Ledger, found: Told) -> None:
    """Whatever was sent, once or again under its key since no answer came, made one object with one event."""
    made = Counter(filter(None, map(made_by, found.events)))
    assert {what: count for what, count in made.items() if count > 1} == {}
    for post in ledger.acknowledged():
        assert made[post.thing] == 1, post
    comments = [(e.commenter_id, e.text) for e in found.events if isinstance(e, CommentAdded)]
    usernames = [e.username for e in found.events if isinstance(e, AccountRegistered)]
    posted = [media_id for e in found.events if isinstance(e, PostCreated) for media_id in e.media_ids]
    for wanted in (comments, usernames, posted):
        assert len(set(wanted)) == len(wanted)


def _check_order(ledger: Ledger, found: Told) -> None:
    """What one client made at one place, one after the other, stands in that order."""
    stands = {thing: number for number, event in enumerate(found.events) if (thing := made_by(event))}
    chains: dict[tuple[str | None, str], list[int]] = {}
    for post in ledger.acknowledged():
        if post.token is not None:
            chains.setdefault((post.token, post.path), []).append(stands[post.thing])
    assert all(_rises(chain) for chain in chains.values())


def _rises(chain: Sequence[int]) -> bool:
    return list(chain) == sorted(chain)


def made_by(event: Envelope) -> Thing | None:
    match event:
        case AccountRegistered():
            return "accounts", str(event.user_id)
        case CommentAdded():
            return "comments", str(event.comment_id)
        case PostCreated():
            return "posts", str(event.post_id)
        case MediaUploadStarted():
            return "media", str(event.media_id)
        case _:
            return None


def _check_nothing_half(found: Told) -> None:
    """A post is there together with the claim on its media, and once the reactors have dealt with it, gone together with them."""
    attached = {(e.media_id, e.attached_id) for e in found.events if isinstance(e, MediaAttached)}
    deleted = {e.media_id for e in found.events if isinstance(e, MediaDeleted)}
    ended = {e.post_id for e in found.events if isinstance(e, PostDeleted)}
    for event in found.events:
        if isinstance(event, PostCreated):
            assert {(media_id, event.post_id) for media_id in event.media_ids} <= attached
            assert event.post_id not in ended or set(event.media_ids) <= deleted, event


def _check_names(ledger: Ledger, found: Told) -> None:
    """Who has an account has kept one user name and one address. Who has kept one has an account, or is the one person whose
    registration nobody has acknowledged yet.
    """
    kinds = {event.digest: event.kind for event in found.events if isinstance(event, NameEvent)}
    held = found.said["names"]
    kept = Counter(
        (held[digest].user_id, kind) for digest, kind in kinds.items() if _is_kept(held.get(digest))
    )
    accounts = found.said["accounts"]
    once = dict.fromkeys(product(accounts, get_args(NameKind)), 1)
    assert {each: kept[each] for each in once} == once
    unfinished = {
        post.body["username"] for post in ledger.keyed if post.path == "/v1/accounts" and post.made_id is None
    }
    without = {user_id for user_id, _ in kept if user_id not in accounts}
    assert len(without) <= len(unfinished), without
    wanted = [event for event in found.events if isinstance(event, NameKept) and event.user_id in without]
    assert {event.registration.username for event in wanted if event.registration} <= unfinished, wanted


def _is_kept(held: Held | None) -> bool:
    return held is not None and held.kept_by is not None
