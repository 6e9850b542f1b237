"""The kinds of pydantic models that routes declare, and the field types they share.

`Input` is a JSON body, `QueryInput` a query string, `Output` the shape of an answer. Answers are written as
plain dicts for speed; their `Output` models describe them in the OpenAPI document and let tests check them.
Which fields there are belongs to the slices; texts are `Annotated[str, Text(min, max)]` from `events.text`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from events.ids import MAX_ID

MAX_IDS_IN_QUERY = 50


class Input(BaseModel):
    """A JSON body. No type is converted into another; unknown members are ignored.

    For a merge patch `model_fields_set` says what was there: absent keeps, null clears.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class QueryInput(BaseModel):
    """A query string. Values are text: use `str`, `Literal`, `Text`, `Id`, `Ids` and `Count`. Unknown
    parameters are ignored.

    `limit` and `cursor` are not fields: a route with `paged=True` has them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Output(BaseModel):
    """The exact shape of an answer: nothing is in it that is not declared."""

    model_config = ConfigDict(extra="forbid")


def _without_default(schema: JsonDict) -> None:
    schema.pop("default", None)


MAY_BE_ABSENT = Field(json_schema_extra=_without_default)
"""For a member of a merge patch that may be absent but not null. It needs a default, which nobody looks at."""


def parsed_id(text: str) -> int | None:
    """The id a decimal string spells: 1..2^63-1 without leading zeros, signs or other digits than 0-9."""
    if not 1 <= len(text) <= 19 or not (text.isascii() and text.isdigit()) or text[0] == "0":
        return None
    number = int(text)
    return number if number <= MAX_ID else None


def _id(value: object) -> int:
    number = parsed_id(value) if isinstance(value, str) else None
    if number is None:
        raise PydanticCustomError("bad_id", "must be an id: a decimal string")
    return number


def _ids(value: object) -> tuple[int, ...]:
    words = value.split(",") if isinstance(value, str) else []
    if len(words) > MAX_IDS_IN_QUERY:
        raise PydanticCustomError("too_long", "must have at most {limit} ids", {"limit": MAX_IDS_IN_QUERY})
    return tuple(_id(word) for word in words)


def decimal(least: int, most: int) -> Callable[[object], int]:
    """A validator for whole numbers in a query string."""

    def validate(value: object) -> int:
        if isinstance(value, int):  # a default
            return value
        if not isinstance(value, str) or not (value.isascii() and value.isdigit()):
            raise PydanticCustomError("wrong_type", "must be a whole number")
        if len(value) > 19 or not least <= int(value) <= most:
            raise PydanticCustomError(
                "out_of_range", "must be {least} to {most}", {"least": least, "most": most}
            )
        return int(value)

    return validate


def _id_pattern() -> str:
    """Exactly the decimal numbers from 1 to MAX_ID."""
    most = str(MAX_ID)
    shorter = f"[1-9][0-9]{{0,{len(most) - 2}}}"
    lower = [
        f"{most[:place]}[{int(place == 0)}-{int(digit) - 1}][0-9]{{{len(most) - place - 1}}}"
        for place, digit in enumerate(most)
        if int(digit) > int(place == 0)
    ]
    return f"^({'|'.join([shorter, *lower, most])})$"


ID_SCHEMA: dict[str, object] = {"type": "string", "pattern": _id_pattern(), "examples": ["7301548361728"]}

Id = Annotated[int, BeforeValidator(_id), WithJsonSchema(ID_SCHEMA)]
"""A decimal string in JSON and in queries, an int in Python."""

Ids = Annotated[
    tuple[int, ...],
    BeforeValidator(_ids),
    WithJsonSchema({"type": "array", "items": ID_SCHEMA, "minItems": 1, "maxItems": MAX_IDS_IN_QUERY}),
]
"""Up to 50 ids in a query: `ids=1,2,3`, or `ids=1&ids=2`."""

TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"

Time = Annotated[str, Field(pattern=TIME_PATTERN, json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC with milliseconds, as `rfc3339` writes it."""


def rfc3339(ms: int) -> str:
    """Milliseconds since 1970 as `2026-11-21T09:00:00.000Z`."""
    whole = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


class Anything(BaseModel):
    """A JSON object that another standard describes."""

    model_config = ConfigDict(extra="allow")
