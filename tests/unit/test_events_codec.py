"""The codec gives back what it was given, and answers to everything else with a value or a loud error, never with a guess."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from events.catalogue import BY_TYPE
from events.codec import KeyMissingError, Record, Unreadable, decode, encode
from events.likes import PostLiked
from events.posts import PostCreated
from events.sealing import SealBrokenError, new_key
from events.topics import TOPICS
from events.upcasts import UPCASTS

_AT = datetime(2026, 11, 21, tzinfo=UTC)
_LIKED = PostLiked(id=5, occurred_at=_AT, actor_id=7, correlation_id=5, post_id=17, author_id=8)
_CREATED = PostCreated(
    id=6,
    occurred_at=_AT,
    actor_id=8,
    correlation_id=6,
    post_id=17,
    author_id=8,
    media_ids=(31,),
    caption="dusk",
)
_KEY = new_key()
_RECORD = encode(_LIKED, None)
_SEALED = encode(_CREATED, _KEY)


def _with(record: Record, **changes: Any) -> Record:
    return dataclasses.replace(record, **changes)


def _valued(record: Record, **changes: Any) -> Record:
    return _with(record, value=orjson.dumps(orjson.loads(record.value) | changes))


def test_the_envelope_is_not_in_the_value() -> None:
    assert orjson.loads(_RECORD.value) == {"post_id": "17", "author_id": "8"}
    assert (_RECORD.topic, _RECORD.key, _RECORD.subject_id) == ("photolog.engagement", "17", 7)


@pytest.mark.parametrize(
    "record",
    [
        _with(_RECORD, type="post.loved"),
        _with(_RECORD, version=2),
        _with(_RECORD, version=0),
        _with(_RECORD, version=-1),
        _with(_RECORD, topic="photolog.posts"),
        _with(_RECORD, key="18"),
        _with(_RECORD, subject_id=8),
        _with(_RECORD, actor_id=0),
        _with(_RECORD, id=2**63),
        _with(_RECORD, occurred_at_ms=10**18),
        _with(_RECORD, idempotency_key="k" * 256),
        _with(_RECORD, value=b""),
        _with(_RECORD, value=b"[]"),
        _with(_RECORD, value=b"[" * 100_000),
        _with(_RECORD, value=b'{"post_id": "17"'),
        _with(_RECORD, value=b'{"post_id": "17", "author_id": "8", "x": "\xff"}'),
        _valued(_RECORD, post_id="0"),
        _valued(_RECORD, post_id=None),
        _valued(_RECORD, surprise=1),
        _valued(_RECORD, actor_id="9"),
        _valued(_SEALED, caption="never sealed"),
        _valued(_SEALED, caption={"sealed": "AAAA"}),
        _valued(_SEALED, media_ids=[]),
    ],
)
def test_what_is_no_event_is_unreadable(record: Record) -> None:
    assert isinstance(decode(record, {7: _KEY, 8: _KEY}), Unreadable)


def test_what_is_wrong_with_an_event_is_said_without_its_content() -> None:
    """The message may end in a log."""
    with pytest.raises(ValidationError) as error:
        PostCreated.model_validate({**_CREATED.model_dump(), "caption": ["at dusk"]})
    assert "caption" in str(error.value)
    assert "dusk" not in str(error.value)


def test_a_missing_key_is_loud() -> None:
    with pytest.raises(KeyMissingError):
        decode(_SEALED, {})
    with pytest.raises(KeyMissingError):
        encode(_CREATED, None)


def test_a_wrong_key_is_loud() -> None:
    with pytest.raises(SealBrokenError):
        decode(_SEALED, {8: new_key()})


def test_a_sealed_field_cannot_be_moved_to_another_event() -> None:
    other = encode(_CREATED.model_copy(update={"id": 9}), _KEY)
    with pytest.raises(SealBrokenError):
        decode(_with(other, value=_SEALED.value), {8: _KEY})


def test_an_event_without_personal_content_needs_no_key() -> None:
    silent = _CREATED.model_copy(update={"caption": ""})
    assert decode(encode(silent, _KEY), {}) == silent


def test_an_old_version_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    class PostLikedThrice(PostLiked):
        version = 3

    def renamed(value: dict[str, object]) -> dict[str, object]:
        return {"post_id": value["post"], "author": value["author"]}

    def renamed_again(value: dict[str, object]) -> dict[str, object]:
        return {"post_id": value["post_id"], "author_id": value["author"]}

    monkeypatch.setitem(BY_TYPE, "post.liked", PostLikedThrice)
    monkeypatch.setitem(UPCASTS, ("post.liked", 1), renamed)
    monkeypatch.setitem(UPCASTS, ("post.liked", 2), renamed_again)
    old = _with(_RECORD, value=orjson.dumps({"post": "17", "author": "8"}))
    assert decode(old, {}) == PostLikedThrice(**_LIKED.model_dump())


_ANY = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2))


@given(
    st.builds(
        Record,
        topic=st.sampled_from(TOPICS),
        key=st.text(max_size=3),
        id=st.integers(),
        type=st.sampled_from(sorted(BY_TYPE)),
        version=st.integers(-1, 3),
        occurred_at_ms=st.integers(),
        actor_id=st.integers(),
        correlation_id=st.integers(),
        causation_id=st.none() | st.integers(),
        idempotency_key=st.none() | st.text(),
        subject_id=st.just(7),
        value=st.binary()
        | st.dictionaries(st.sampled_from(["post_id", "author_id", "caption", "id"]), _ANY).map(
            lambda value: json.dumps(value).encode()
        ),
    )
)
def test_no_record_crashes_the_codec(record: Record) -> None:
    decode(record, {7: _KEY})
