"""The shape of an event's value as it lies on the log: JSON Schema made from the classes of `events`, one for each version.

Personal fields are not what their class says: they are sealed, or hold their default. The envelope is beside the value.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from events.envelope import ENVELOPE_FIELDS, Envelope

Schema = dict[str, Any]
FOLDER = Path(__file__).parent / "events"
DIALECT = "http://json-schema.org/draft-07/schema#"
ID: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
"""Up to 2^63 - 1, in decimal."""
_SEALED: Schema = {
    "type": "object",
    "description": "Personal content, encrypted with a key of its user that is not on the log.",
    "properties": {"sealed": {"type": "string", "contentEncoding": "base64"}},
    "required": ["sealed"],
    "additionalProperties": False,
}


def file_of(kind: type[Envelope], version: int) -> Path:
    return FOLDER / f"{kind.type}.v{version}.json"


def payload_schema(kind: type[Envelope]) -> Schema:
    """Of the class's present version."""
    whole = kind.model_json_schema(mode="serialization", schema_generator=_AsWritten)
    properties = {
        name: _sealed(kind, name) if name in kind.personal else schema
        for name, schema in whole["properties"].items()
        if name not in ENVELOPE_FIELDS
    }
    schema = {
        "$schema": DIALECT,
        "title": f"{kind.type} version {kind.version}",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    definitions = whole.get("$defs", {})
    if mentioned := _mentioned(properties, definitions):
        schema["$defs"] = {name: _without_words(definitions[name]) for name in sorted(mentioned)}
    return schema


def _sealed(kind: type[Envelope], name: str) -> Schema:
    return {"anyOf": [{"const": kind.model_fields[name].default}, _SEALED]}


def _mentioned(schema: object, definitions: Mapping[str, Schema]) -> set[str]:
    """Not those that only what is sealed consists of."""
    names = set(re.findall(r"#/\$defs/(\w+)", str(schema)))
    return names.union(*(_mentioned(definitions[name], definitions) for name in names))


def _without_words(schema: Schema) -> Schema:
    """What a class says of itself may be said better one day; the shape of a released version never changes."""
    return {name: said for name, said in schema.items() if name != "description"}


class _AsWritten(GenerateJsonSchema):
    """Every field is written, also one that has its default; ids are strings of digits."""

    def field_is_required(self, field: object, total: bool) -> bool:
        return True

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def ser_schema(self, schema: Any) -> Schema | None:
        if schema["type"] == "function-plain" and schema["function"] is str:
            return dict(ID)
        return super().ser_schema(schema)
