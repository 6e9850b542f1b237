"""From bytes to the models a route declares: the JSON body and the query string. What is wrong is 400 when it
cannot be read and 422, field by field, when it can.

Of a member that is there twice in a JSON object the last one counts. A query parameter that is there twice is
422, except for lists of ids, which are joined. Unknown parameters are ignored, but a token among them is
refused.
"""

import json
from collections.abc import Mapping
from typing import Literal, TypeVar, get_origin
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.models import Input, QueryInput
from api.problems import INVALID, MALFORMED, TOKEN_IN_URL, FieldError, ProblemError, invalid, problem

M = TypeVar("M", bound=BaseModel)

MAX_QUERY_CHARS = 8 * 1024
MAX_QUERY_PARAMETERS = 100
MAX_ERRORS = 20
DEFAULT_LIMIT = 20
MAX_LIMIT = 100

_TOKEN_PARAMETERS = frozenset({"access_token", "refresh_token"})

_CODES: Mapping[str, str] = {
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "finite_number": "out_of_range",
    "literal_error": "not_allowed",
    "enum": "not_allowed",
    "string_pattern_mismatch": "bad_format",
    "value_error": "invalid",
    "assertion_error": "invalid",
    "extra_forbidden": "unknown",
}
"""Pydantic's words for what we promise to clients; the rest keep theirs, `*_type` and `*_parsing` are
`wrong_type`.
"""


def parsed_body(model: type[Input], body: bytes) -> Input:
    try:
        orjson.loads(body)  # stricter than pydantic's own parser: no NaN, not even where it is ignored
    except orjson.JSONDecodeError:
        raise _unreadable(body) from None
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        if details[0]["type"] == "json_invalid":  # nested too deeply, or a number beyond all use
            raise problem(MALFORMED, "The body is JSON beyond what can be read.") from None
        raise problem(INVALID, errors=field_errors(details)) from None


def _unreadable(body: bytes) -> ProblemError:
    """Malformed, unless a lone surrogate is all that is wrong: JSON can spell one, UTF-8 cannot."""
    try:
        json.dumps(json.loads(body.decode()), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return invalid("", "lone_surrogate", "must not contain lone surrogates")
    except (ValueError, RecursionError):
        pass
    return problem(MALFORMED, "The body is not JSON in UTF-8.")


def field_errors(details: list[ErrorDetails]) -> list[FieldError]:
    return [
        FieldError(".".join(map(str, detail["loc"])), _code(detail["type"]), detail["msg"])
        for detail in details[:MAX_ERRORS]
    ]


def _code(kind: str) -> str:
    if kind.endswith(("_type", "_parsing", "_from_float")):
        return "wrong_type"
    return _CODES.get(kind, kind)


Parameters = dict[str, list[str]]


def read_parameters(query_string: bytes) -> Parameters:
    """The parameters by name; raises 400 for what is not UTF-8 or too much of it."""
    if not query_string:
        return {}
    if len(query_string) > MAX_QUERY_CHARS:
        raise problem(MALFORMED, "The query is too long.")
    try:
        pairs = parse_qsl(
            query_string.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_QUERY_PARAMETERS,
        )
    except ValueError:
        raise problem(MALFORMED, "The query cannot be read.") from None
    found: Parameters = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    if not _TOKEN_PARAMETERS.isdisjoint(found):
        raise problem(TOKEN_IN_URL, "Send the token in the Authorization header.")
    return found


class QueryReader:
    """Reads one route's query. Made once per route."""

    def __init__(self, model: type[QueryInput] | None, paged: Literal["paged", "whole"]) -> None:
        self._model = model
        fields = {} if model is None else model.model_fields
        self._lists = {name for name, info in fields.items() if get_origin(info.annotation) is tuple}
        self._known = {*fields, "limit", "cursor"} if paged == "paged" else set(fields)
        self._defaults = None if model is None or any(i.is_required() for i in fields.values()) else model()

    def known(self, parameters: Parameters) -> dict[str, str]:
        """One text per known parameter."""
        found: dict[str, str] = {}
        for name, values in parameters.items():
            if name not in self._known:
                continue
            if len(values) > 1 and name not in self._lists:
                raise invalid(name, "repeated", "must be given once")
            found[name] = ",".join(values)
        return found

    def model(self, known: Mapping[str, str]) -> BaseModel | None:
        if self._model is None or (self._defaults is not None and not known):
            return self._defaults
        try:
            return self._model.model_validate(known)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False, include_context=False)
            raise problem(INVALID, errors=field_errors(details)) from None


def parsed_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        raise invalid("limit", "wrong_type", "must be a whole number")
    if not 1 <= int(text) <= MAX_LIMIT:
        raise invalid("limit", "out_of_range", f"must be 1 to {MAX_LIMIT}")
    return int(text)


def merged_part(patch: BaseModel, known: M | None, kind: type[M], name: str) -> M:
    """A part of something after a merge patch of it; a 422 for each member of `kind` that it then lacks."""
    values = ({} if known is None else known.model_dump()) | patch.model_dump(exclude_unset=True)
    missing = [member for member in kind.model_fields if member not in values]
    if missing:
        errors = [FieldError(f"{name}.{member}", "missing", "Field required") for member in missing]
        raise problem(INVALID, errors=errors)
    return kind(**values)
