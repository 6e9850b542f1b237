"""The golden records: how events lie on the log, byte for byte, one file for every version of every event.

    python -m tests.golden.records

writes the files that are not there yet. The file of a released version is never written again: to change an event, raise its
version and add an upcast.
"""

import dataclasses
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson

from events.codec import Record, encode
from events.envelope import Envelope
from tests.golden.examples import KEY, NONCE, examples

FOLDER = Path(__file__).parent


def file_of(kind: type[Envelope], version: int) -> Path:
    return FOLDER / f"{kind.type}.v{version}.json"


def read(file: Path) -> list[Record]:
    return [Record(**(row | {"value": row["value"].encode()})) for row in orjson.loads(file.read_bytes())]


def encoded(event: Envelope) -> Record:
    """As `encode` does, with a nonce that is always the same."""
    with patch("os.urandom", return_value=NONCE):
        return encode(event, KEY)


def write_missing() -> list[Path]:
    written = []
    for kind, events in examples().items():
        file = file_of(kind, kind.version)
        if not file.exists():
            rows = [_row(encoded(event)) for event in events]
            file.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
            written.append(file)
    return written


def _row(record: Record) -> dict[str, Any]:
    return dataclasses.asdict(record) | {"value": record.value.decode()}


if __name__ == "__main__":
    write_missing()
