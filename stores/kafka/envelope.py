"""Records as Kafka messages and back: CloudEvents 1.0 in binary mode, so that analysts need no code of ours.

The envelope is in headers, the value is the event's JSON as it is, the key is the key of the record. Whatever else lies on a topic
is not ours to refuse: its record has version 0, which no event has, so that `events.codec.decode` calls it unreadable. It knows no
connection.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from events.codec import Record
from events.ids import MAX_ID

Headers = Sequence[tuple[str, bytes]]
FOREIGN_VERSION = 0
"""Version of a record made of a message that is not ours."""
_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TYPE = re.compile(r"[a-z0-9._-]{1,64}")
_KEY_LIMIT = 255
"""Characters of a key. Ours have up to 64; stores that park an event under its key take no long ones."""
_RECORD_OVERHEAD_BYTES = 64
_HEADER_OVERHEAD_BYTES = 8
"""More than lengths, offsets and times take beside the bytes themselves."""


class _ForeignError(Exception):
    """The message is not one of ours."""


@dataclass(frozen=True, slots=True)
class Message:
    """`size_bytes` is no less than what the message takes in a batch before compression."""

    key: bytes
    value: bytes
    headers: Headers

    @property
    def size_bytes(self) -> int:
        headers = sum(len(name) + len(value) + _HEADER_OVERHEAD_BYTES for name, value in self.headers)
        return len(self.key) + len(self.value) + headers + _RECORD_OVERHEAD_BYTES


def message_of(record: Record, namespace: str) -> Message:
    headers = [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", b"%d" % record.id),
        ("ce_source", f"/{namespace}".encode()),
        ("ce_type", record.type.encode()),
        ("ce_time", _rfc3339(record.occurred_at_ms)),
        ("ce_subject", b"%d" % record.subject_id),
        ("ce_version", b"%d" % record.version),
        ("ce_actorid", b"%d" % record.actor_id),
        ("ce_correlationid", b"%d" % record.correlation_id),
    ]
    if record.causation_id is not None:
        headers.append(("ce_causationid", b"%d" % record.causation_id))
    if record.idempotency_key is not None:
        headers.append(("ce_idempotencykey", record.idempotency_key.encode()))
    return Message(record.key.encode(), record.value, headers)


def record_of(
    topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> Record:
    """Never raises. `topic` is the logical one.

    A message that is not ours keeps what can be said of it: its id (else 0), type (else "") and key (cut, with replacement
    characters for what cannot be printed), since these are shown where it is parked. The same message always gives the same record.
    """
    pairs = list(headers)
    said = dict(pairs)
    try:
        if len(said) != len(pairs) or said["ce_specversion"] != b"1.0":
            raise _ForeignError
        return Record(
            topic=topic,
            key=_key(key),
            id=_number(said["ce_id"]),
            type=_type(said["ce_type"]),
            version=_number(said["ce_version"]),
            occurred_at_ms=_milliseconds(said["ce_time"]),
            actor_id=_number(said["ce_actorid"]),
            correlation_id=_number(said["ce_correlationid"]),
            causation_id=_number(said["ce_causationid"]) if "ce_causationid" in said else None,
            idempotency_key=_text(said["ce_idempotencykey"]) if "ce_idempotencykey" in said else None,
            subject_id=_number(said["ce_subject"]),
            value=value or b"",
        )
    except (KeyError, ValueError, OverflowError, _ForeignError):
        return _foreign(topic, key, value, said)


def _foreign(topic: str, key: bytes | None, value: bytes | None, said: dict[str, bytes | None]) -> Record:
    try:
        type_ = _type(said.get("ce_type"))
    except (ValueError, _ForeignError):
        type_ = ""
    try:
        id_ = _number(said.get("ce_id"))
    except _ForeignError:
        id_ = 0
    text = (key or b"").decode(errors="replace")[:_KEY_LIMIT]
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return Record(topic, shown, id_, type_, FOREIGN_VERSION, 0, 0, 0, None, None, 0, value or b"")


def _rfc3339(ms: int) -> bytes:
    return f"{(_EPOCH + ms * _MILLISECOND).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z".encode()


def _milliseconds(raw: bytes | None) -> int:
    at = datetime.fromisoformat(_text(raw))
    if at.tzinfo is None:
        raise _ForeignError
    return (at - _EPOCH) // _MILLISECOND


def _number(raw: bytes | None) -> int:
    if raw is None or not raw.isdigit() or len(raw) > 19 or (number := int(raw)) > MAX_ID:
        raise _ForeignError
    return number


def _type(raw: bytes | None) -> str:
    text = _text(raw)
    if not _TYPE.fullmatch(text):
        raise _ForeignError
    return text


def _text(raw: bytes | None) -> str:
    if raw is None:
        raise _ForeignError
    return raw.decode()


def _key(raw: bytes | None) -> str:
    text = _text(raw)
    if len(text) > _KEY_LIMIT or not text.isprintable():
        raise _ForeignError
    return text
