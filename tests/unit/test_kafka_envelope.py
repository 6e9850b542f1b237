"""Records as CloudEvents and back, and what becomes of messages that are not ours."""

import dataclasses

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from events.codec import Record, Unreadable, decode
from events.ids import MAX_ID
from events.topics import ENGAGEMENT
from stores.kafka.envelope import FOREIGN_VERSION, Headers, message_of, record_of
from stores.kafka.names import logical, physical
from tests.golden.records import FOLDER, read

_GOLDEN = [record for file in sorted(FOLDER.glob("*.json")) for record in read(file)]
LIKED = next(record for record in _GOLDEN if record.type == "post.liked")
_ids = st.integers(1, MAX_ID)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=64)
_records = st.builds(
    Record,
    topic=st.just(ENGAGEMENT),
    key=_texts.filter(str.isprintable),
    id=_ids,
    type=st.from_regex(r"[a-z_]{1,20}\.[a-z_]{1,20}", fullmatch=True),
    version=st.integers(1, 1_000),
    occurred_at_ms=st.integers(-(10**13), 10**14),
    actor_id=_ids,
    correlation_id=_ids,
    causation_id=st.none() | _ids,
    idempotency_key=st.none() | _texts,
    subject_id=_ids,
    value=st.binary(max_size=64),
)


def read_back(record: Record) -> Record:
    message = message_of(record, "photolog")
    return record_of(record.topic, message.key, message.value, message.headers)


@given(_records)
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    assert read_back(record) == record


@pytest.mark.parametrize("record", _GOLDEN, ids=lambda record: f"{record.type} {record.id}")
def test_every_event_comes_back_as_it_was(record: Record) -> None:
    assert read_back(record) == record


def test_the_headers_are_those_of_a_cloudevent() -> None:
    """A change of these breaks whoever reads the topics."""
    assert dict(message_of(LIKED, "staging").headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": b"1234567890123456789",
        "ce_source": b"/staging",
        "ce_type": b"post.liked",
        "ce_time": b"2026-11-21T09:30:15.250Z",
        "ce_subject": b"7",
        "ce_version": b"1",
        "ce_actorid": b"7",
        "ce_correlationid": b"41",
        "ce_causationid": b"42",
        "ce_idempotencykey": b"a key",
    }


def test_what_is_absent_has_no_header() -> None:
    least = dataclasses.replace(LIKED, causation_id=None, idempotency_key=None)
    assert not {"ce_causationid", "ce_idempotencykey"} & dict(message_of(least, "photolog").headers).keys()
    assert read_back(least) == least


@given(
    st.binary() | st.none(), st.binary() | st.none(), st.lists(st.tuples(st.text(), st.binary() | st.none()))
)
def test_any_message_is_a_record_that_is_no_event(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    record = record_of(ENGAGEMENT, key, value, headers)
    assert isinstance(decode(record, {}), Unreadable)
    assert record == record_of(ENGAGEMENT, key, value, headers)


_NAMES = [
    name for name, _ in message_of(LIKED, "photolog").headers if name not in ("content-type", "ce_source")
]
_GARBAGE = (
    None,
    b"",
    b"\xff\xfe",
    b"-1",
    b"1.5",
    b"0x10",
    b"1" * 20,
    b"9" * 19,
    b"x" * 2_000,
    b"\x00",
    " ٣".encode(),
)


@pytest.mark.parametrize("garbage", _GARBAGE, ids=repr)
@pytest.mark.parametrize("name", [name for name in _NAMES if name != "ce_idempotencykey"])
def test_one_header_that_is_wrong_makes_it_no_event(name: str, garbage: bytes | None) -> None:
    assert isinstance(decode(_changed(name, garbage), {}), Unreadable)


@pytest.mark.parametrize("garbage", [None, b"\xff", b"x" * 256], ids=repr)
def test_an_idempotency_key_that_is_none_makes_it_no_event(garbage: bytes | None) -> None:
    assert isinstance(decode(_changed("ce_idempotencykey", garbage), {}), Unreadable)


@pytest.mark.parametrize(
    "name", [name for name in _NAMES if name not in ("ce_causationid", "ce_idempotencykey")]
)
def test_one_header_that_is_missing_makes_it_no_event(name: str) -> None:
    message = message_of(LIKED, "photolog")
    headers = [(other, value) for other, value in message.headers if other != name]
    assert isinstance(decode(record_of(ENGAGEMENT, message.key, message.value, headers), {}), Unreadable)


@pytest.mark.parametrize(
    "at", [b"2026-11-21", b"2026-11-21T09:30:15", b"yesterday", b"0001-01-01T00:00:00+23:59"]
)
def test_a_time_that_is_none_makes_it_no_event(at: bytes) -> None:
    assert isinstance(decode(_changed("ce_time", at), {}), Unreadable)


def test_a_header_that_is_said_twice_makes_it_no_event() -> None:
    message = message_of(LIKED, "photolog")
    record = record_of(ENGAGEMENT, message.key, message.value, [*message.headers, ("ce_id", b"5")])
    assert isinstance(decode(record, {}), Unreadable)


def test_what_can_be_said_of_a_foreign_message_is_kept() -> None:
    record = _changed("ce_actorid", b"nobody")
    assert (record.type, record.id, record.key, record.version) == (
        "post.liked",
        LIKED.id,
        "17",
        FOREIGN_VERSION,
    )
    assert decode(record, {}) == Unreadable("unknown event post.liked version 0")


@pytest.mark.parametrize("key", [None, b"", b"\xff\x00", b"17\n", b"\x1b[2J", b"1" * 100_000])
def test_a_key_that_is_none_of_ours_is_short_and_no_event(key: bytes | None) -> None:
    message = message_of(LIKED, "photolog")
    record = record_of(ENGAGEMENT, key, message.value, message.headers)
    assert len(record.key) <= 255
    assert record.key.isprintable()
    assert isinstance(decode(record, {}), Unreadable)


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"null", b"[]", b'{"post_id":17}', b"[" * 100_000])
def test_a_value_that_is_none_of_ours_is_no_event(value: bytes | None) -> None:
    message = message_of(LIKED, "photolog")
    assert isinstance(decode(record_of(ENGAGEMENT, message.key, value, message.headers), {}), Unreadable)


def test_headers_that_others_add_do_no_harm() -> None:
    assert not isinstance(decode(LIKED, {}), Unreadable)
    message = message_of(LIKED, "photolog")
    headers: Headers = [*message.headers, ("traceparent", b"00-1-2-03"), ("ce_partitionkey", b"17")]
    assert record_of(ENGAGEMENT, message.key, message.value, headers) == LIKED


@given(_records)
def test_a_message_is_no_longer_than_it_says(record: Record) -> None:
    message = message_of(record, "photolog")
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 20)
    before = builder.size()
    builder.append(0, 0, message.key, message.value, list(message.headers))
    assert builder.size() - before <= message.size_bytes


def test_topics_have_the_name_of_the_namespace() -> None:
    assert physical("photolog", ENGAGEMENT) == ENGAGEMENT
    assert physical("staging.eu", ENGAGEMENT) == "staging.eu.engagement"
    assert logical("staging.eu", "staging.eu.engagement") == ENGAGEMENT


def _changed(name: str, value: bytes | None) -> Record:
    message = message_of(LIKED, "photolog")
    headers = [(other, value if other == name else said) for other, said in message.headers]
    return record_of(ENGAGEMENT, message.key, message.value, headers)
