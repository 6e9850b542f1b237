"""Text that people wrote: one normal form, counted in code points, and never anything that cannot be stored.

`Annotated[str, Text(1, 64)]` is a pydantic type that gives back the NFC form. It refuses NUL and lone
surrogates, which no store and no UTF-8 can hold, and lengths outside the bounds, counted after normalising.
What a text means is not known here.
"""

import unicodedata
from dataclasses import dataclass
from itertools import groupby

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_GROWTH = 4
"""NFC makes no text shorter than a quarter, so what is longer than that needs no normalising to be refused.
"""

MAX_MARKS = 30
"""Combining marks on one character, as in Unicode's stream-safe format: sorting a longer run takes quadratic
time.
"""


class TextError(ValueError):
    """The text is refused; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def normalised(value: str, minimum: int, maximum: int) -> str:
    """The NFC form; raises TextError for NUL, lone surrogates and lengths outside the bounds."""
    if "\0" in value:
        raise TextError("nul", "must not contain NUL")
    if not value.isascii():
        value = _composed(value, maximum)
    if len(value) < minimum:
        raise TextError("too_short", f"must have at least {minimum} characters")
    if len(value) > maximum:
        raise TextError("too_long", f"must have at most {maximum} characters")
    return value


def _composed(value: str, maximum: int) -> str:
    if len(value) > maximum * _GROWTH:
        raise TextError("too_long", f"must have at most {maximum} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TextError("lone_surrogate", "must not contain lone surrogates") from None
    if _longest_run_of_marks(value) > MAX_MARKS:
        raise TextError("too_many_marks", f"must not put more than {MAX_MARKS} marks on a character")
    return unicodedata.normalize("NFC", value)


def _longest_run_of_marks(value: str) -> int:
    runs = groupby(map(unicodedata.combining, value), bool)
    return max((sum(1 for _ in run) for is_marks, run in runs if is_marks), default=0)


@dataclass(frozen=True, slots=True)
class Text:
    """Bounds of a text in code points after NFC, both inclusive."""

    minimum: int
    maximum: int

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            self._checked, core_schema.str_schema(strict=True)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "minLength": self.minimum,
            "maxLength": self.maximum,
            "pattern": r"^[^\x00]*$",
        }

    def _checked(self, value: str) -> str:
        try:
            return normalised(value, self.minimum, self.maximum)
        except TextError as error:
            raise PydanticCustomError(error.code, "{message}", {"message": str(error)}) from None
