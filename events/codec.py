"""Events to bytes and back.

The envelope travels beside the value (headers on Kafka, columns in SQLite); the value is JSON with the personal fields sealed.
Old versions are lifted by `upcasts`. What cannot be read is a value (`Unreadable`), not an exception: it came from outside.
A sealed field without its key, or with a wrong one, is our own broken state and does raise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from events import sealing
from events.catalogue import BY_TYPE
from events.envelope import ENVELOPE_FIELDS, Envelope
from events.upcasts import UPCASTS

Keys = Mapping[int, sealing.Key]
"""Sealing keys by user."""

_BESIDE = set(ENVELOPE_FIELDS)
"""What travels beside the value; Pydantic wants a set."""


@dataclass(frozen=True, slots=True)
class Record:
    """One event as bytes with its envelope. `occurred_at_ms` is since 1970 UTC; `value` is JSON."""

    topic: str
    key: str
    id: int
    type: str
    version: int
    occurred_at_ms: int
    actor_id: int
    correlation_id: int
    causation_id: int | None
    idempotency_key: str | None
    subject_id: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands where an event should be, and why it is not one."""

    reason: str


class KeyMissingError(Exception):
    """The key that sealed an event is neither there nor marked as destroyed."""


def encode(event: Envelope, key: bytes | None) -> Record:
    """`key` seals the personal fields; None only for events that have none."""
    if not event.personal:
        value = event.__pydantic_serializer__.to_json(event, exclude=_BESIDE)
    elif key is None:
        raise KeyMissingError(f"no key for user {event.subject_id}")
    else:
        data = event.model_dump(mode="json", exclude=_BESIDE)
        for name in event.personal:
            if data[name] != type(event).model_fields[name].default:
                data[name] = sealing.seal(data[name], key, f"{event.id}/{name}/{event.subject_id}")
        value = orjson.dumps(data)
    return Record(
        topic=event.topic,
        key=event.key,
        id=event.id,
        type=event.type,
        version=event.version,
        occurred_at_ms=event.occurred_at_ms,
        actor_id=event.actor_id,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        idempotency_key=event.idempotency_key,
        subject_id=event.subject_id,
        value=value,
    )


def decode(record: Record, keys: Keys) -> Envelope | Unreadable:
    """`keys` must hold the key, or the destroyed marker, of the record's subject when the type has personal fields."""
    kind = BY_TYPE.get(record.type)
    if kind is None or not 1 <= record.version <= kind.version:
        return Unreadable(f"unknown event {record.type} version {record.version}")
    if record.topic != kind.topic:
        return Unreadable(f"{record.type} does not belong on {record.topic}")
    try:
        data = orjson.loads(record.value)
        if not isinstance(data, dict) or not ENVELOPE_FIELDS.isdisjoint(data):
            return Unreadable("the value is not an object of the event's own fields")
        for version in range(record.version, kind.version):
            data = UPCASTS[record.type, version](data)
        _open(kind, record, data, keys)
        event = kind(
            id=record.id,
            occurred_at=datetime.fromtimestamp(record.occurred_at_ms / 1000, UTC),
            actor_id=record.actor_id,
            correlation_id=record.correlation_id,
            causation_id=record.causation_id,
            idempotency_key=record.idempotency_key,
            **data,
        )
    except (OverflowError, ValueError) as error:
        return Unreadable(f"{type(error).__name__}: {record.type} is not as its schema says")
    if event.key != record.key or event.subject_id != record.subject_id:
        return Unreadable(f"{record.type} stands under the wrong key")
    return event


def _open(kind: type[Envelope], record: Record, data: dict[str, object], keys: Keys) -> None:
    for name in kind.personal:
        if name not in data or data[name] == kind.model_fields[name].default:
            continue
        key = keys.get(record.subject_id)
        if key is None:
            raise KeyMissingError(f"no key for user {record.subject_id}")
        if key is sealing.DESTROYED:
            del data[name]
        else:
            data[name] = sealing.open_sealed(data[name], key, f"{record.id}/{name}/{record.subject_id}")
