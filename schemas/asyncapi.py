"""The event topics as an AsyncAPI 3 document, made from the classes of `events`: what is on which topic, under which key, and what
its headers and its value are. It names no cluster; the values' shapes are files of their own.
"""

from collections.abc import Sequence

from events.catalogue import EVENTS
from events.envelope import Envelope
from events.topics import ACCOUNTS, ENGAGEMENT, GRAPH, MEDIA, NAMES, OPERATIONS, POSTS, TOPICS
from schemas.payloads import ID, Schema, file_of

KEYS = {
    NAMES: "keyed digest of the name",
    ACCOUNTS: "user",
    GRAPH: "follower",
    POSTS: "author",
    MEDIA: "owner",
    ENGAGEMENT: "post",
    OPERATIONS: "projection",
}
"""Whose events stay in order."""
_BINDING_VERSION = "0.5.0"
_DESCRIPTION = (
    "Every write to Photolog is an event on one of these topics, and stays there. Messages are CloudEvents 1.0 in binary mode: "
    "the envelope is in the headers, the value is JSON. Events with the same key of the same topic are in order; nothing else is. "
    "A fact may be there twice, as two events: what counts is the state after them. Pass over types and versions that you do not "
    "know. Personal content is sealed with keys that are not on the log."
)
_ENVELOPE: Schema = {
    "type": "object",
    "properties": {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**ID, "description": "Unique. Sorts about by time, which is not the order of things."},
        "ce_source": {"type": "string", "description": "The system, as /NAMESPACE."},
        "ce_type": {"type": "string"},
        "ce_version": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "Of the value's shape."},
        "ce_time": {"type": "string", "format": "date-time", "description": "When it happened, UTC."},
        "ce_subject": {**ID, "description": "The user whose key seals what is personal."},
        "ce_actorid": {**ID, "description": "The user who did it; 1 for operators, who are none."},
        "ce_correlationid": {**ID, "description": "Shared by everything that one request led to."},
        "ce_causationid": {**ID, "description": "The event that led to this one."},
        "ce_idempotencykey": {
            "type": "string",
            "maxLength": 255,
            "description": "Shared by the events of a repeated request.",
        },
    },
    "required": [
        "content-type",
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_version",
        "ce_time",
        "ce_subject",
        "ce_actorid",
        "ce_correlationid",
    ],
}


def document() -> Schema:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Photolog's events",
            "version": "1",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_name(topic): _channel(topic) for topic in TOPICS},
        "operations": {f"append_{_name(topic)}": _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {
                _message_id(kind, version): _message(kind, version)
                for kind in EVENTS
                for version in _versions(kind)
            },
            "schemas": {"envelope": _ENVELOPE},
        },
    }


def _channel(topic: str) -> Schema:
    return {
        "address": topic,
        "description": f"Key: {KEYS[topic]}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _messages_on(topic)},
        "bindings": {
            "kafka": {
                "topic": topic,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": -1,
                    "retention.bytes": -1,
                },
                "bindingVersion": _BINDING_VERSION,
            }
        },
    }


def _operation(topic: str) -> Schema:
    channel = f"#/channels/{_name(topic)}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in _messages_on(topic)],
    }


def _message(kind: type[Envelope], version: int) -> Schema:
    said = {"ce_type": {"const": kind.type}, "ce_version": {"const": str(version)}}
    described = {"description": _words(kind)} if "__doc__" in vars(kind) and kind.__doc__ else {}
    return {
        "name": kind.type,
        "title": f"{kind.type} version {version}",
        **described,
        "contentType": "application/json",
        "headers": {"allOf": [{"$ref": "#/components/schemas/envelope"}, {"properties": said}]},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-07",
            "schema": {"$ref": f"events/{file_of(kind, version).name}"},
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": KEYS[kind.topic]},
                "bindingVersion": _BINDING_VERSION,
            }
        },
    }


def _words(kind: type[Envelope]) -> str:
    return " ".join((kind.__doc__ or "").split())


def _messages_on(topic: str) -> Sequence[str]:
    return [
        _message_id(kind, version) for kind in EVENTS if kind.topic == topic for version in _versions(kind)
    ]


def _versions(kind: type[Envelope]) -> range:
    return range(1, kind.version + 1)


def _message_id(kind: type[Envelope], version: int) -> str:
    return f"{kind.type}.v{version}"


def _name(topic: str) -> str:
    return topic.partition(".")[2]
