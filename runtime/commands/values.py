"""How the value of an event is shown: anybody who may write to a topic may have written it."""

import orjson


def value_text(value: bytes) -> str:
    """In one line, with nothing that a terminal would obey."""
    text = value.decode(errors="replace")
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def value_json(value: bytes) -> object:
    """The bytes themselves where they are JSON, for orjson; else a text."""
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return value.decode(errors="replace")
    return orjson.Fragment(value)
