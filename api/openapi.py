"""The OpenAPI 3.1 document, made from the table that serves and the models that validate.

What the pipeline does for every route (limits, tokens, positions, idempotency keys, pages, entity tags) is
described here once, from the same declarations that switch it on.
"""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.matching import MAX_TEXT_CHARS, is_id, parameter_names
from api.models import ID_SCHEMA
from api.openapi_parts import HEADERS, PARAMETERS, PROBLEM_SCHEMAS, SECURITY_SCHEMES, ref
from api.plans import default_body
from api.problems import (
    BAD_CURSOR,
    BAD_IDEMPOTENCY_KEY,
    BAD_POSITION,
    BODY_TOO_LARGE,
    CURSOR_EXPIRED,
    IDEMPOTENCY_IN_PROGRESS,
    IDEMPOTENCY_MISMATCH,
    INVALID,
    MALFORMED,
    NOT_CAUGHT_UP,
    NOT_FOUND,
    PROBLEM_TYPE,
    RATE_LIMITED,
    TOKEN_IN_URL,
    UNAUTHORIZED,
    UNAVAILABLE,
    UNSUPPORTED_MEDIA_TYPE,
    Kind,
)
from api.routes import Endpoint

Json = dict[str, Any]
Schemas = dict[type[BaseModel], Json]

DESCRIPTION = """A photo-sharing backend. Ids are decimal strings, times RFC 3339 in UTC with milliseconds.
`HEAD` is answered wherever `GET` is. Every error is a problem (RFC 9457) with a stable `code`."""


def openapi_document(endpoints: Sequence[Endpoint]) -> Json:
    schemas, components = _schemas(endpoints)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Photolog", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(endpoint.tag for endpoint in endpoints)],
        "paths": paths,
        "components": {
            "schemas": {**components, **PROBLEM_SCHEMAS},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def problems_of(endpoint: Endpoint) -> list[Kind]:
    """Everything but success that the route can answer."""
    kinds = [MALFORMED, TOKEN_IN_URL, BAD_POSITION, UNAVAILABLE, *endpoint.problems]
    if endpoint.signed_in != "ignored":
        kinds.append(UNAUTHORIZED)
    if parameter_names(endpoint.path):
        kinds.append(NOT_FOUND)
    if endpoint.body is not None:
        kinds += [INVALID, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE]
    if endpoint.query is not None:
        kinds.append(INVALID)
    if endpoint.paged:
        kinds += [INVALID, BAD_CURSOR, CURSOR_EXPIRED]
    if endpoint.idempotency is not None:
        kinds += [BAD_IDEMPOTENCY_KEY, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_MISMATCH]
    if endpoint.reads:
        kinds.append(NOT_CAUGHT_UP)
    if endpoint.rate_class != "unlimited":
        kinds.append(RATE_LIMITED)
    return list(dict.fromkeys(kinds))


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[Schemas, Json]:
    """How each model is referred to, and the definitions of all of them."""
    inputs = {endpoint.body for endpoint in endpoints if endpoint.body is not None}
    outputs = {reply.model for endpoint in endpoints for reply in endpoint.replies.values() if reply.model}
    by_name = sorted(inputs, key=lambda model: model.__name__), sorted(outputs, key=lambda m: m.__name__)
    referred, definitions = models_json_schema(
        [
            *((model, "validation") for model in by_name[0]),
            *((model, "serialization") for model in by_name[1]),
        ],
        ref_template="#/components/schemas/{model}",
    )
    by_model = {model: schema for (model, _), schema in referred.items()}
    return cast(Schemas, by_model), definitions.get("$defs", {})


def _operation(endpoint: Endpoint, schemas: Schemas) -> Json:
    operation: Json = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "security": {"required": [{"bearer": []}], "optional": [{}, {"bearer": []}], "ignored": []}[
            endpoint.signed_in
        ],
        "parameters": _parameters(endpoint),
        "responses": _merged(_successes(endpoint, schemas), _problems(endpoint)),
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.body is not None:
        operation["requestBody"] = _request_body(endpoint, schemas[endpoint.body])
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    words = [
        word.strip("{}").replace("-", "_").replace(".", "_") for word in endpoint.path.split("/") if word
    ]
    return "_".join([endpoint.method.lower(), *words])


def _request_body(endpoint: Endpoint, schema: Json) -> Json:
    types = ["application/json"]
    if endpoint.method == "PATCH":
        types.append("application/merge-patch+json")
    return {
        "required": default_body(endpoint) is None,
        "content": {media_type: {"schema": schema} for media_type in types},
    }


def _parameters(endpoint: Endpoint) -> list[Json]:
    found = [_path_parameter(name) for name in parameter_names(endpoint.path)]
    found += _query_parameters(endpoint)
    if endpoint.paged:
        found += [ref("parameters", "limit"), ref("parameters", "cursor")]
    found.append(ref("parameters", "Photolog-Position"))
    if endpoint.method == "GET":
        found.append(ref("parameters", "If-None-Match"))
    if endpoint.idempotency is not None:
        found.append(ref("parameters", "Idempotency-Key"))
    return found


def _path_parameter(name: str) -> Json:
    text = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARS}
    return {"name": name, "in": "path", "required": True, "schema": ID_SCHEMA if is_id(name) else text}


def _query_parameters(endpoint: Endpoint) -> list[Json]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema()
    required = schema.get("required", [])
    found = []
    for name, described in schema.get("properties", {}).items():
        parameter = {"name": name, "in": "query", "required": name in required, "schema": described}
        if described.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        found.append(parameter)
    return found


def _successes(endpoint: Endpoint, schemas: Schemas) -> Json:
    found = {str(status): _success(endpoint, status, schemas) for status in endpoint.replies}
    if endpoint.method == "GET":
        found["304"] = {"description": "The client has it", "headers": _headers(endpoint, "ETag")}
    return found


def _success(endpoint: Endpoint, status: int, schemas: Schemas) -> Json:
    reply = endpoint.replies[status]
    names = list(reply.headers)
    if endpoint.method != "GET":
        names.append("Photolog-Position")
    elif status == 200:
        names.append("ETag")
    if endpoint.paged:
        names.append("Link")
    response: Json = {"description": reply.description, "headers": _headers(endpoint, *names)}
    if reply.model is not None:
        response["content"] = {reply.media_type: {"schema": schemas[reply.model]}}
    elif reply.media_type != "application/json":
        response["content"] = {reply.media_type: {"schema": {"type": "string"}}}
    return response


def _problems(endpoint: Endpoint) -> Json:
    by_status: dict[int, list[Kind]] = {}
    for kind in problems_of(endpoint):
        by_status.setdefault(kind.status, []).append(kind)
    return {str(status): _problem(endpoint, status, kinds) for status, kinds in sorted(by_status.items())}


def _problem(endpoint: Endpoint, status: int, kinds: list[Kind]) -> Json:
    extra = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}.get(status, [])
    if IDEMPOTENCY_IN_PROGRESS in kinds:
        extra = ["Retry-After"]
    base = ref("schemas", "ValidationProblem" if status == INVALID.status else "Problem")
    codes = {"properties": {"code": {"enum": [kind.code for kind in kinds]}, "status": {"const": status}}}
    return {
        "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds),
        "headers": _headers(endpoint, *extra),
        "content": {PROBLEM_TYPE: {"schema": {"allOf": [base, codes]}}},
    }


def _merged(successes: Json, problems: Json) -> Json:
    """A status may be both, with another media type."""
    both = dict(successes)
    for status, response in problems.items():
        success = successes.get(status, {})
        content = success.get("content", {}) | response["content"]
        both[status] = {**response, **success, "content": content}
    return both


def _headers(endpoint: Endpoint, *names: str) -> Json:
    limited = endpoint.rate_class != "unlimited"
    usual = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset") if limited else ()
    return {name: ref("headers", name) for name in (*names, *usual, "X-Request-Id")}
