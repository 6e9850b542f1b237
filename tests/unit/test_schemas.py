"""The published shapes of events: current, frozen once released, and what the log really holds."""

import hashlib
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator

from events.catalogue import BY_TYPE, EVENTS
from events.codec import Record
from events.envelope import Envelope
from events.topics import TOPICS
from schemas.asyncapi import KEYS, document
from schemas.generate import ASYNCAPI, as_written
from schemas.payloads import FOLDER, file_of, payload_schema
from stores.kafka.envelope import message_of
from tests.golden.records import FOLDER as GOLDEN
from tests.golden.records import read

ROOT = Path(__file__).parents[2]
RELEASED = FOLDER / "RELEASED"
FILES = sorted(FOLDER.glob("*.json"))
RECORDS = [record for file in sorted(GOLDEN.glob("*.json")) for record in read(file)]
DOCUMENT: dict[str, Any] = orjson.loads(ASYNCAPI.read_bytes())

each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"{record.type} {record.id}")


def shape(record: Record) -> Draft7Validator:
    return Draft7Validator(orjson.loads(file_of(BY_TYPE[record.type], record.version).read_bytes()))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.type)
def test_shapes_are_those_of_the_classes(kind: type[Envelope]) -> None:
    written = file_of(kind, kind.version).read_bytes()
    assert written == as_written(payload_schema(kind)), "raise the version; see schemas/generate.py"


@pytest.mark.parametrize("line", RELEASED.read_text().splitlines())
def test_a_released_shape_never_changes(line: str) -> None:
    digest, _, name = line.partition("  ")
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_every_version_has_its_shape_and_no_shape_is_of_nothing() -> None:
    wanted = {file_of(kind, version) for kind in EVENTS for version in range(1, kind.version + 1)}
    assert set(FILES) == wanted


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_shapes_are_json_schema(file: Path) -> None:
    Draft7Validator.check_schema(orjson.loads(file.read_bytes()))


@each_record
def test_what_is_on_the_log_has_its_shape(record: Record) -> None:
    assert [error.message for error in shape(record).iter_errors(orjson.loads(record.value))] == []


@each_record
def test_what_is_not_sealed_has_not(record: Record) -> None:
    """Neither plain content nor a field more or less."""
    value = orjson.loads(record.value)
    for name in BY_TYPE[record.type].personal:
        assert not shape(record).is_valid(value | {name: "Dusk at the harbor"})
    assert not shape(record).is_valid(value | {"more": 1})
    for name in value:
        assert not shape(record).is_valid({other: said for other, said in value.items() if other != name})


@each_record
def test_the_headers_are_as_the_document_says(record: Record) -> None:
    said = _resolved(DOCUMENT["components"]["messages"][f"{record.type}.v{record.version}"]["headers"])
    headers = {name: value.decode() for name, value in message_of(record, "photolog").headers}
    Draft7Validator.check_schema(said)
    assert [error.message for error in Draft7Validator(said).iter_errors(headers)] == []
    assert not Draft7Validator(said).is_valid(headers | {"ce_type": "another"})
    assert set(headers) <= set(DOCUMENT["components"]["schemas"]["envelope"]["properties"])


def test_the_document_is_current() -> None:
    assert ASYNCAPI.read_bytes() == as_written(document()), "run: .venv/bin/python -m schemas.generate"


def test_the_document_is_an_asyncapi_document() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert DOCUMENT.keys() <= {
        "asyncapi",
        "info",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    }
    for channel in DOCUMENT["channels"].values():
        assert channel.keys() <= {"address", "description", "messages", "bindings"}
        assert channel["bindings"]["kafka"]["topic"] == channel["address"]
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] == "send"
        assert operation.keys() == {"action", "channel", "messages"}
        channel = operation["channel"]["$ref"]
        offered = {f"{channel}/messages/{name}" for name in _resolved(operation["channel"])["messages"]}
        assert {message["$ref"] for message in operation["messages"]} == offered
    for name, message in DOCUMENT["components"]["messages"].items():
        assert re.fullmatch(r"[\w.-]+", name)
        assert {"name", "headers", "payload", "contentType", "bindings"} <= message.keys()
        assert message["payload"].keys() == {"schemaFormat", "schema"}


def test_every_reference_of_the_document_leads_somewhere() -> None:
    found = re.findall(r'"\$ref": "([^"]+)"', ASYNCAPI.read_text())
    assert len(found) > len(EVENTS)
    for reference in found:
        if reference.startswith("#/"):
            _resolved({"$ref": reference})
        else:
            assert (ASYNCAPI.parent / reference).is_file()


def test_every_event_is_on_its_topic_and_no_other() -> None:
    channels = {channel["address"]: channel["messages"] for channel in DOCUMENT["channels"].values()}
    listed = {(topic, name) for topic, messages in channels.items() for name in messages}
    assert channels.keys() == set(TOPICS)
    assert listed == {
        (kind.topic, f"{kind.type}.v{version}") for kind in EVENTS for version in range(1, kind.version + 1)
    }


def test_keys_are_called_the_same_in_the_documents() -> None:
    text = (ROOT / "docs/events.md").read_text()
    assert dict(re.findall(r"^\| `(photolog\.[a-z]+)` \| ([^|]+) \|", text, re.MULTILINE)) == KEYS


def _resolved(schema: Any) -> Any:
    match schema:
        case {"$ref": str(reference)}:
            found: Any = DOCUMENT
            for name in reference.removeprefix("#/").split("/"):
                found = found[name]
            return _resolved(found)
        case {"allOf": [*parts]}:
            return {"allOf": [_resolved(part) for part in parts]}
        case _:
            return schema
