"""What holds for every route, tried on every operation of the OpenAPI document: who may ask, what is not there, methods,
conditional requests, and that nothing but the document is served.
"""

import json
import re
from typing import Any

import httpx2
import pytest

from tests.e2e.cast import Cast
from tests.e2e.conformance import Conformance
from tests.e2e.operations import Operation, Things, content, operations
from tests.e2e.world import World

ABSENT = (
    ("DELETE", "/v1/me"),
    ("POST", "/v1/me/export"),
    ("GET", "/v1/me/follow-requests"),
    ("POST", "/v1/me/follow-requests/1/approve"),
    ("POST", "/v1/me/follow-requests/1/reject"),
    ("DELETE", "/v1/me/followers/1"),
    ("PUT", "/v1/users/1/block"),
    ("DELETE", "/v1/users/1/mute"),
    ("GET", "/v1/me/blocks"),
    ("GET", "/v1/me/mutes"),
    ("GET", "/v1/explore"),
    ("POST", "/v1/stories"),
    ("GET", "/v1/users/1/stories"),
    ("PUT", "/v1/stories/1/view"),
    ("GET", "/v1/notifications"),
    ("POST", "/v1/notifications/read"),
    ("GET", "/v1/stream"),
    ("POST", "/v1/reports"),
    ("GET", "/v1/admin/reports"),
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def every(cast: Cast, conformance: Conformance) -> list[tuple[Operation, str]]:
    """Each operation with a path that exists."""
    found = list(operations(conformance.document))
    assert len(found) > 40
    return [(operation, operation.path(cast.shown_things)) for operation in found]


def code_of(response: httpx2.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize(("method", "path"), ABSENT)
def test_what_is_not_offered_is_not_there(
    cast: Cast, conformance: Conformance, method: str, path: str
) -> None:
    response = cast.ada.request(method, path)
    template = conformance.template(path)
    if template is None:
        assert code_of(response) == (404, "not_found")
    else:
        assert code_of(response) == (405, "method_not_allowed")
        assert method.lower() not in conformance.document["paths"][template]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v1/feed/",
        "//v1/feed",
        "/V1/feed",
        "/v1/posts/1/",
        "/v1/posts//likes",
        "/v2/feed",
    ],
)
def test_paths_are_taken_exactly(cast: Cast, path: str) -> None:
    cast.ada.refused("GET", path, 404, "not_found")


def test_the_document_describes_itself_well(conformance: Conformance) -> None:
    document = conformance.document
    assert document["openapi"].startswith("3.1")
    names = [operation.described["operationId"] for operation in operations(document)]
    assert len(set(names)) == len(names)
    text = json.dumps(document)
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        found: Any = document
        for part in reference.split("/"):
            found = found[part]


def test_a_method_that_is_not_there_is_refused_with_those_that_are(
    cast: Cast, conformance: Conformance
) -> None:
    for template, methods in conformance.document["paths"].items():
        path = Operation("GET", template, {}).path(cast.shown_things)
        for method in METHODS:
            if method.lower() not in methods:
                response = cast.world.request(method, path)
                assert code_of(response) == (405, "method_not_allowed")
                assert ("HEAD" in response.headers["Allow"]) == ("get" in methods)
    # `Conformance` has compared `Allow` with the document.
    assert cast.world.request("OPTIONS", "/v1/feed").headers["Allow"] == "GET, HEAD"


def test_without_a_token_only_public_routes_answer(cast: Cast, conformance: Conformance) -> None:
    for operation, path in every(cast, conformance):
        if operation.is_public:
            continue
        bare = cast.world.request(operation.method, path, **content(operation))
        assert code_of(bare) == (401, "unauthorized"), operation
        assert bare.headers["WWW-Authenticate"] == "Bearer"


def test_a_bad_token_is_refused_wherever_tokens_are_read(cast: Cast, conformance: Conformance) -> None:
    for operation, path in every(cast, conformance):
        response = cast.world.request(operation.method, path, token=cast.ada.token[:-3], **content(operation))
        if operation.ignores_tokens:
            assert response.headers.get("WWW-Authenticate") != 'Bearer error="invalid_token"', operation
        else:
            assert code_of(response) == (401, "unauthorized"), operation
            assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_tokens_in_urls_are_refused(cast: Cast, conformance: Conformance, name: str) -> None:
    for operation, path in every(cast, conformance):
        address = f"{path}{'&' if '?' in path else '?'}{name}={cast.ada.token}"
        response = cast.ada.request(operation.method, address, **content(operation))
        assert code_of(response) == (400, "token_in_url"), operation


@pytest.mark.parametrize(
    "number",
    ["0", "-1", "+1", "01", "1.0", "1e3", "0x1", "٣", "%201", "9223372036854775808", "9" * 200, "x", "%00"],
)
def test_what_is_no_id_names_nothing(cast: Cast, conformance: Conformance, number: str) -> None:
    wrong = Things(user=number, post=number, comment=number, media=number, session=number)
    for operation, _ in every(cast, conformance):
        if "id}" in operation.template:
            path = operation.path(wrong)
            response = cast.ada.request(operation.method, path, **content(operation))
            assert code_of(response) == (404, "not_found"), path


@pytest.mark.parametrize("number", ["1", "9223372036854775807"])
def test_an_id_that_nothing_has_names_nothing(cast: Cast, conformance: Conformance, number: str) -> None:
    absent = Things(user=number, post=number, comment=number, media=number, session=number)
    for operation, _ in every(cast, conformance):
        if "id}" in operation.template:
            path = operation.path(absent)
            response = cast.ada.request(operation.method, path, **content(operation))
            assert code_of(response) == (404, "not_found"), path


def test_head_is_get_without_the_body(cast: Cast, conformance: Conformance) -> None:
    for operation, path in every(cast, conformance):
        if operation.method != "GET" or path == "/metrics":
            continue
        got, head = cast.ada.request("GET", path), cast.ada.request("HEAD", path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        changing = {"date", "x-request-id", "ratelimit-remaining", "ratelimit-reset"}
        assert {k: v for k, v in head.headers.items() if k not in changing} == {
            k: v for k, v in got.headers.items() if k not in changing
        }, path


def test_what_the_client_has_is_not_sent_again(cast: Cast, conformance: Conformance) -> None:
    for operation, path in every(cast, conformance):
        if operation.method != "GET" or path == "/metrics":
            continue
        etag = cast.ada.request("GET", path).headers["ETag"]
        assert etag.startswith('W/"'), path
        for known in (etag, etag.removeprefix("W/"), f'"x", {etag}', "*"):
            for method in ("GET", "HEAD"):
                response = cast.ada.request(method, path, headers={"If-None-Match": known})
                assert (response.status_code, response.content) == (304, b""), path
                assert response.headers["ETag"] == etag
        for other in ('"x"', "", "W/", etag[:-2] + '"', "x" * 5000):
            assert cast.ada.request("GET", path, headers={"If-None-Match": other}).status_code == 200, path


def test_an_entity_tag_is_for_one_viewer(cast: Cast) -> None:
    path = f"/v1/posts/{cast.posts[0]}"
    etag = cast.bob.request("GET", path).headers["ETag"]
    for token in (cast.eve.token, None):
        response = cast.world.request("GET", path, token=token, headers={"If-None-Match": etag})
        assert response.status_code == 200
        assert response.json()["liked"] is False


def test_json_is_private_and_tokens_are_stored_nowhere(cast: Cast, conformance: Conformance) -> None:
    for operation, path in every(cast, conformance):
        if operation.method == "GET":
            headers = cast.ada.request("GET", path).headers
            assert headers["Cache-Control"] == "private, no-cache", path
            assert headers["Vary"] == "Authorization, Origin", path


def test_requests_are_counted_where_the_document_says_so(cast: Cast, conformance: Conformance) -> None:
    for operation, path in every(cast, conformance):
        if operation.method == "GET":
            headers = cast.ada.request("GET", path).headers
            names = {name for name in headers if name.startswith("ratelimit-")}
            wanted = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
            assert names == (wanted if operation.is_limited else set()), path


def test_unknown_parameters_and_members_are_ignored_and_repeated_ones_refused(cast: Cast) -> None:
    assert cast.ada.get("/v1/feed?utm=1&utm=2&limit=1&LIMIT=x")["next_cursor"] is None
    problem = cast.ada.refused("GET", "/v1/feed?limit=1&limit=2", 422, "invalid")
    assert problem["errors"][0] == {"field": "limit", "code": "repeated", "detail": "must be given once"}
    cast.ada.refused("GET", "/v1/feed?order=ranked", 422, "invalid")
    cast.ada.refused("GET", "/v1/feed?" + "&".join(f"a{n}=" for n in range(101)), 400, "malformed")
    cast.ada.get("/v1/feed?a=" + "a" * 8190)
    cast.ada.refused("GET", "/v1/feed?a=" + "a" * 8191, 400, "malformed")
    cast.ada.refused("GET", "/v1/feed?a=%ff", 400, "malformed")


def test_the_service_tells_how_it_is(world: World) -> None:
    assert world.get("/healthz") == {"status": "ok"}
    ready = world.get("/readyz")
    assert (ready["ready"], ready["reasons"]) == (True, [])
    assert set(ready["lag"]) >= {"likes", "feeds", "timelines"}
    proxied = world.get("/readyz", headers={"X-Forwarded-For": "127.0.0.1"})
    assert proxied["lag"] is None
    metrics = world.request("GET", "/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert 'route="/v1/feed"' in metrics.text
    for header in ("X-Forwarded-For", "Via", "Forwarded", "X-Real-IP"):
        refused = world.request("GET", "/metrics", headers={header: "127.0.0.1"})
        assert code_of(refused) == (403, "forbidden")
    page = world.request("GET", "/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
