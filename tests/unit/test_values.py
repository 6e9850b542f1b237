"""What anybody wrote to a topic, as it is shown."""

import orjson
import pytest

from runtime.commands.values import value_json, value_text


def test_no_terminal_obeys_a_value() -> None:
    assert value_text(b'{"text":"a\x1b[2Jb\r\nc"}') == '{"text":"a�[2Jb��c"}'
    assert value_text("über 🌊".encode()) == "über 🌊"
    assert value_text(b"\xff") == "�"


def test_what_is_json_stays_as_it_is() -> None:
    stored = b'{"id":"1",  "b":[1.50]}'
    assert orjson.dumps({"value": value_json(stored)}) == b'{"value":' + stored + b"}"


@pytest.mark.parametrize("value", [b"", b"no json", b"\xff\xfe", b'{"a":1'])
def test_whatever_else_there_is_makes_json_too(value: bytes) -> None:
    shown = orjson.loads(orjson.dumps({"value": value_json(value)}))
    assert shown == {"value": value.decode(errors="replace")}
