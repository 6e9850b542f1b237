"""The parts of the OpenAPI document that are the same for every route."""

from typing import Any

from api.cursors import CURSOR_MAX_CHARS
from api.idempotency import MAX_KEY_CHARS
from api.inputs import DEFAULT_LIMIT, MAX_LIMIT
from api.positions import POSITION_MAX_CHARS

Json = dict[str, Any]


def ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def _header(description: str, schema: Json, *, required: str = "yes") -> Json:
    return {"description": description, "schema": schema, "required": required == "yes"}


_TEXT: Json = {"type": "string"}
_SECONDS: Json = {"type": "integer", "minimum": 0}

HEADERS: dict[str, Json] = {
    "ETag": _header("A weak tag of the body, for `If-None-Match`.", _TEXT),
    "Link": _header('The next page, `rel="next"`; absent on the last one.', _TEXT, required="no"),
    "Location": _header("Where the new object is.", _TEXT),
    "Photolog-Position": _header(
        "What has been seen of the log by now; send it back to read your own writes.",
        {"type": "string", "maxLength": POSITION_MAX_CHARS},
    ),
    "RateLimit-Limit": _header("Requests allowed in a window.", _SECONDS),
    "RateLimit-Remaining": _header("Requests left in this window.", _SECONDS),
    "RateLimit-Reset": _header("Seconds until the window ends.", _SECONDS),
    "Retry-After": _header("Seconds after which to try again.", _SECONDS, required="no"),
    "WWW-Authenticate": _header("The challenge: a bearer token.", _TEXT, required="no"),
    "X-Request-Id": _header("Names this request in the service's logs.", _TEXT),
}

PARAMETERS: dict[str, Json] = {
    "limit": {
        "name": "limit",
        "in": "query",
        "description": "The most items the page may have.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    },
    "cursor": {
        "name": "cursor",
        "in": "query",
        "description": "`next_cursor` of the page before; valid for 24 hours, here and with these parameters only.",
        "schema": {"type": "string", "maxLength": CURSOR_MAX_CHARS},
    },
    "Photolog-Position": {
        "name": "Photolog-Position",
        "in": "header",
        "description": "As the last write answered it: the answer comes from views that have reached it.",
        "schema": {"type": "string", "maxLength": POSITION_MAX_CHARS},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Entity tags the client has.",
        "schema": _TEXT,
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key makes the same object and gets the same answer for 24 hours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS, "pattern": "^[ -~]+$"},
    },
}

SECURITY_SCHEMES: dict[str, Json] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Valid for 15 minutes.",
    }
}

_PROBLEM: Json = {
    "type": {"type": "string", "format": "uri-reference"},
    "title": _TEXT,
    "status": {"type": "integer"},
    "detail": _TEXT,
    "code": _TEXT,
}
_FIELD_ERROR: Json = {
    "type": "object",
    "properties": {"field": _TEXT, "code": _TEXT, "detail": _TEXT},
    "required": ["field", "code", "detail"],
    "additionalProperties": False,
}

PROBLEM_SCHEMAS: dict[str, Json] = {
    "Problem": {"type": "object", "properties": _PROBLEM, "required": list(_PROBLEM)},
    "ValidationProblem": {
        "type": "object",
        "properties": {**_PROBLEM, "errors": {"type": "array", "items": _FIELD_ERROR}},
        "required": [*_PROBLEM, "errors"],
    },
}
