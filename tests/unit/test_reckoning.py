"""The judgement of what clients wrote finds every kind of lie of a log, and none in a true one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from api.positions import PositionStrings
from events.accounts import AccountRegistered, ProfileChanged
from events.comments import CommentAdded, CommentDeleted, CommentEdited
from events.envelope import Envelope
from events.likes import PostLiked, PostUnliked
from events.media import MediaAttached, MediaDeleted, MediaUploadStarted
from events.names import NameClaimed, NameKept, Registration
from events.posts import PostCreated, PostDeleted, PostEdited
from replay.oracle.accounts import accounts
from replay.oracle.names import names
from stores.ports.log import merged
from tests.e2e.aftermath import Offset, Told
from tests.e2e.ledger import MADE, Acknowledgement, Attempt, Keyed, Ledger, Thing, Value
from tests.e2e.positions import check_positions
from tests.e2e.reckoning import act_of, check_ledger, made_by

ADA, POST, GONE, COMMENT, MEDIA, LOST = 1, 21, 22, 31, 41, 42
REGISTRATION = Registration(username="ada", email="ada@example.org")
STRINGS = PositionStrings(b"nobody's")
WHOLE: dict[str, Any] = {"sha256": "0" * 64, "content_type": "image/jpeg", "size_bytes": 1}


def _log() -> list[Envelope]:
    """What Ada wrote, one after the other."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    ids = iter(range(100, 200))

    def of(what: Any, /, **said: Any) -> Any:
        return what(id=next(ids), occurred_at=at, actor_id=ADA, correlation_id=1, **said)

    post, comment = {"author_id": ADA, "post_id": POST}, {"comment_id": COMMENT, "commenter_id": ADA}
    username, email = ({"digest": d * 64, "user_id": ADA} for d in "ab")
    written = [
        of(NameClaimed, **username, kind="username"),
        of(NameClaimed, **email, kind="email"),
        of(NameKept, **email, kind="email", claim_id=101),
        of(NameKept, **username, kind="username", claim_id=100, registration=REGISTRATION),
        of(AccountRegistered, user_id=ADA, **REGISTRATION.model_dump()),
        *(of(ProfileChanged, user_id=ADA, changed=("bio",), bio=bio) for bio in ("one", "other")),
    ]
    for media_id, post_id in ((MEDIA, POST), (LOST, GONE)):
        mine = {"media_id": media_id, "owner_id": ADA}
        written += [
            of(MediaUploadStarted, **mine, object_key=f"originals/{media_id}/original", **WHOLE),
            of(MediaAttached, **mine, attached_kind="post", attached_id=post_id),
            of(PostCreated, author_id=ADA, post_id=post_id, media_ids=(media_id,)),
        ]
    return [
        *written,
        of(PostLiked, **post),
        of(PostUnliked, **post),
        of(CommentAdded, **post, **comment, text="hello"),
        *(of(CommentEdited, **post, **comment, text=text) for text in ("well", "indeed")),
        of(CommentDeleted, **post, **comment),
        of(PostEdited, **post, changed=("caption",), caption="dusk"),
        of(PostDeleted, author_id=ADA, post_id=GONE),
        of(MediaDeleted, media_id=LOST, owner_id=ADA),
    ]


MADE_IN = (
    ("/v1/accounts", ADA), ("/v1/media", MEDIA), ("/v1/posts", POST), ("/v1/media", LOST), ("/v1/posts", GONE),
    (f"/v1/posts/{POST}/comments", COMMENT),
)  # fmt: skip
SET: Sequence[tuple[Thing, Value]] = (
    (("profile", f"{ADA}"), "one"),
    (("profile", f"{ADA}"), "other"),
    (("like", f"{ADA}", f"{POST}"), True),
    (("like", f"{ADA}", f"{POST}"), False),
    (("comment", f"{COMMENT}"), "well"),
    (("comment", f"{COMMENT}"), "indeed"),
    (("comment", f"{COMMENT}"), None),
    (("post", f"{POST}"), "dusk"),
    (("post", f"{GONE}"), None),
)


def _ledger() -> Ledger:
    """What Ada remembers: all of it was acknowledged."""
    ledger = Ledger()
    for path, made_id in MADE_IN:
        token = None if path == "/v1/accounts" else "hers"
        ledger.keyed.append(Keyed("key", token, path, {"username": "ada"}, made_id=str(made_id)))
    for thing, value in SET:
        ledger.attempts.setdefault(thing, []).append(Attempt(value, is_acknowledged=True))
    return ledger


def _told(events: Sequence[Envelope]) -> Told:
    """Everything in one partition of each topic."""
    at: dict[Offset, Envelope] = {}
    for event in events:
        at[(event.topic, 0), sum(place[0][0] == event.topic for place in at)] = event
    return Told([], at, [], {}, {"names": names(events), "accounts": accounts(events)})


def test_what_was_acknowledged_and_is_there_is_accepted() -> None:
    check_ledger(_ledger(), _told(_log()))


@pytest.mark.parametrize("number", range(len(_log())))
def test_each_event_that_is_missing_is_missed(number: int) -> None:
    log = _log()
    del log[number]
    with pytest.raises(AssertionError):
        check_ledger(_ledger(), _told(log))


@pytest.mark.parametrize(
    "kind", [PostLiked, PostDeleted, PostEdited, CommentDeleted, ProfileChanged, PostCreated]
)
def test_what_happened_twice_is_found(kind: type[Envelope]) -> None:
    log = _log()
    again = next(event for event in log if isinstance(event, kind))
    with pytest.raises(AssertionError):
        check_ledger(_ledger(), _told([*log, again.model_copy(update={"id": 999})]))


@pytest.mark.parametrize("kind", [ProfileChanged, CommentEdited])
def test_edits_the_other_way_round_are_found(kind: type[Envelope]) -> None:
    with pytest.raises(AssertionError):
        check_ledger(_ledger(), _told(_swapped(kind)))


def _swapped(kind: type[Envelope]) -> list[Envelope]:
    log = _log()
    one, other = (number for number, event in enumerate(log) if isinstance(event, kind))
    log[one], log[other] = log[other], log[one]
    return log


@pytest.mark.parametrize("thing", [("post", f"{GONE}"), ("comment", f"{COMMENT}"), ("profile", f"{ADA}")])
def test_what_nobody_asked_for_is_found(thing: Thing) -> None:
    ledger = _ledger()
    del ledger.attempts[thing]
    with pytest.raises(AssertionError):
        check_ledger(ledger, _told(_log()))


def test_a_deletion_that_was_not_acknowledged_may_have_happened_or_not() -> None:
    ledger = _ledger()
    ledger.attempts["comment", f"{COMMENT}"][-1] = Attempt(None, is_acknowledged=False)
    check_ledger(ledger, _told(_log()))
    check_ledger(ledger, _told([event for event in _log() if not isinstance(event, CommentDeleted)]))


def test_a_name_is_without_an_account_only_while_somebody_registers() -> None:
    ledger, log = _ledger(), [event for event in _log() if not isinstance(event, AccountRegistered)]
    ledger.keyed[0].made_id = None
    check_ledger(ledger, _told(log))
    ledger.keyed[0].body = {"username": "somebody"}
    with pytest.raises(AssertionError):
        check_ledger(ledger, _told(log))


def _stating(found: Told) -> Ledger:
    """The acknowledgement of everything, with the place where it is; the first one was asked for more than once."""
    ledger = Ledger()
    for place, event in found.at.items():
        did = act_of(event) or ((thing, MADE) if (thing := made_by(event)) else None)
        if did is not None:
            said = Acknowledgement(
                "ada", *did, "", STRINGS.seal(dict([place])), bool(ledger.acknowledgements)
            )
            ledger.acknowledgements.append(said)
    return ledger


def test_positions_that_are_true_are_accepted() -> None:
    found = _told(_log())
    check_positions(_stating(found), found, STRINGS.open)


@pytest.mark.parametrize("number", range(len(SET) + len(MADE_IN)))
@pytest.mark.parametrize("by", [-1, 1])
def test_a_position_that_is_beside_the_place_is_found(number: int, by: int) -> None:
    """Too far is nothing to find fault with where it was asked for more than once."""
    found = _told(_log())
    ledger = _stating(found)
    said = ledger.acknowledgements[number]
    stated = {at: offset + by for at, offset in STRINGS.open(said.stated).items()}
    ledger.acknowledgements[number] = replace(said, stated=STRINGS.seal(stated))
    if by > 0 and not said.is_exact:
        check_positions(ledger, found, STRINGS.open)
    else:
        with pytest.raises(AssertionError):
            check_positions(ledger, found, STRINGS.open)


def test_what_was_carried_is_not_taken_for_what_was_written() -> None:
    """The position of the first comment event comes back with what was written after it."""
    found = _told(_log())
    ledger = _stating(found)
    first, *_, last = (said for said in ledger.acknowledgements if said.thing[0] == "comment")
    profile = next(said for said in ledger.acknowledgements if said.thing[0] == "profile")
    for written in (last, profile):
        number = ledger.acknowledgements.index(written)
        stated = STRINGS.seal(merged(STRINGS.open(first.stated), STRINGS.open(written.stated)))
        ledger.acknowledgements[number] = replace(written, carried=first.stated, stated=stated)
    check_positions(ledger, found, STRINGS.open)


def test_writes_of_one_client_that_stand_the_other_way_round_are_found() -> None:
    found = _told(_log())
    ledger = _stating(found)
    one, other = (n for n, said in enumerate(ledger.acknowledgements) if said.thing[0] == "profile")
    said = ledger.acknowledgements
    said[one], said[other] = said[other], said[one]
    with pytest.raises(AssertionError):
        check_positions(ledger, found, STRINGS.open)
