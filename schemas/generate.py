"""The published shapes of events, written anew: `python -m schemas.generate`.

The shape of a version is written once. Released versions are listed in `events/RELEASED`, in the format of sha256sum, and never
change: what is different gets a new version and an upcast. One that is not yet listed may be removed and made again. A release
lists them all: `cd schemas/events && sha256sum *.json > RELEASED`.
"""

from pathlib import Path

import orjson

from events.catalogue import EVENTS
from schemas.asyncapi import document
from schemas.payloads import Schema, file_of, payload_schema

ASYNCAPI = Path(__file__).parent / "asyncapi.json"


def as_written(schema: Schema) -> bytes:
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write() -> None:
    for kind in EVENTS:
        file = file_of(kind, kind.version)
        file.parent.mkdir(exist_ok=True)
        if not file.exists():
            file.write_bytes(as_written(payload_schema(kind)))
    ASYNCAPI.write_bytes(as_written(document()))


if __name__ == "__main__":
    write()
