"""Everything the API answers instead of a success: RFC 9457 problems with stable codes.

`raise problem(NOT_FOUND)` anywhere under a route. The catalogue is closed: a code is a constant of this
module, has one status and one title for ever, and a route names in `problems=` those that are its own.
Nothing here knows a request or a store's technology, and no problem repeats what the client sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from producers.errors import InvalidError, RejectedError

PROBLEM_TYPE = "application/problem+json"
UNAVAILABLE_RETRY_S = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the catalogue."""

    code: str
    status: int
    title: str


MALFORMED = Kind("malformed", 400, "The request cannot be read")
BAD_CURSOR = Kind("bad_cursor", 400, "The cursor does not belong to this list")
CURSOR_EXPIRED = Kind("cursor_expired", 400, "The cursor is too old")
BAD_POSITION = Kind("bad_position", 400, "The position was not made by this service")
BAD_IDEMPOTENCY_KEY = Kind("bad_idempotency_key", 400, "The idempotency key is not 1 to 255 printable ASCII")
TOKEN_IN_URL = Kind("token_in_url", 400, "Tokens are not taken from URLs")
UNAUTHORIZED = Kind("unauthorized", 401, "A valid access token is needed")
BAD_CREDENTIALS = Kind("bad_credentials", 401, "Login or password is wrong")
BAD_REFRESH_TOKEN = Kind("bad_refresh_token", 401, "The refresh token is not valid")
FORBIDDEN = Kind("forbidden", 403, "Not allowed")
NOT_FOUND = Kind("not_found", 404, "Not found")
METHOD_NOT_ALLOWED = Kind("method_not_allowed", 405, "The method is not allowed here")
CONFLICT = Kind("conflict", 409, "The request conflicts with what is there")
USERNAME_TAKEN = Kind("username_taken", 409, "The user name is taken")
EMAIL_TAKEN = Kind("email_taken", 409, "The e-mail address is taken")
FOLLOWING_LIMIT = Kind("following_limit", 409, "Nobody may follow more people")
UPLOAD_INCOMPLETE = Kind("upload_incomplete", 409, "The file has not been uploaded")
MEDIA_NOT_READY = Kind("media_not_ready", 409, "A file has not been processed")
MEDIA_IN_USE = Kind("media_in_use", 409, "A file is used elsewhere")
IDEMPOTENCY_IN_PROGRESS = Kind("idempotency_in_progress", 409, "The first request is still running")
BODY_TOO_LARGE = Kind("body_too_large", 413, "The body is too large")
UNSUPPORTED_MEDIA_TYPE = Kind("unsupported_media_type", 415, "The media type is not supported")
INVALID = Kind("invalid", 422, "The request is not valid")
TOO_LARGE = Kind("too_large", 422, "The file is too large")
IDEMPOTENCY_MISMATCH = Kind("idempotency_mismatch", 422, "The idempotency key was used for another request")
RATE_LIMITED = Kind("rate_limited", 429, "Too many requests")
INTERNAL = Kind("internal", 500, "The service failed")
UNAVAILABLE = Kind("unavailable", 503, "A part of the service is away")
NOT_CAUGHT_UP = Kind("not_caught_up", 503, "The position was not reached in time")

CATALOGUE: Mapping[str, Kind] = {
    kind.code: kind for kind in list(globals().values()) if isinstance(kind, Kind)
}

_OWED: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": str(UNAVAILABLE_RETRY_S)},
}
"""Headers that every problem of a status has, whoever raises it."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is a dotted path such as `media_ids.3`, empty for the whole."""

    field: str
    code: str
    detail: str


class ProblemError(Exception):
    """An answer of the catalogue on its way out."""

    def __init__(
        self, kind: Kind, detail: str, headers: Mapping[str, str], errors: tuple[FieldError, ...]
    ) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers
        self.errors = errors

    def __str__(self) -> str:
        return f"{self.kind.code}: {self.detail}"

    def body(self) -> bytes:
        content: dict[str, object] = {
            "type": f"/docs#{self.kind.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "code": self.kind.code,
        }
        if self.kind.status == INVALID.status:
            content["errors"] = [
                {"field": error.field, "code": error.code, "detail": error.detail} for error in self.errors
            ]
        return orjson.dumps(content)


def problem(
    kind: Kind,
    detail: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldError] = (),
) -> ProblemError:
    """To be raised. `detail` is a sentence for people, without anything the client sent."""
    sentence = f"{kind.title}." if detail is None else detail
    return ProblemError(kind, sentence, {**_OWED.get(kind.status, {}), **(headers or {})}, tuple(errors))


def invalid(field_name: str, code: str, detail: str, kind: Kind = INVALID) -> ProblemError:
    """A 422 for one field, for rules that the request's model cannot state."""
    return problem(kind, detail, errors=(FieldError(field_name, code, detail),))


def away() -> ProblemError:
    """What a store that does not answer comes to."""
    return problem(UNAVAILABLE, "A write may still appear; the same request is safe with an idempotency key.")


def rejected(error: RejectedError) -> ProblemError:
    """The problem for a command that a producer rejected: its code names the entry of the catalogue."""
    if isinstance(error, InvalidError):
        kind = CATALOGUE.get(error.code, INVALID)
        return invalid(
            error.field, error.code, str(error), kind if kind.status == INVALID.status else INVALID
        )
    return problem(CATALOGUE[error.code], str(error))
