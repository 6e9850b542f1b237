"""What pages in browsers may do: CORS on every answer, the upload store's included."""

import httpx2
import pytest

from tests.e2e.cast import Cast
from tests.e2e.conformance import Conformance
from tests.e2e.operations import content, operations
from tests.e2e.server import ServerProcess
from tests.e2e.world import World, picture

PAGE = {"Origin": "https://photos.example"}
EXPOSED = {
    "Link", "Location", "ETag", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
    "Photolog-Position",
}  # fmt: skip
SENT = {"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Photolog-Position"}


def words(text: str) -> set[str]:
    return {word.strip() for word in text.split(",")}


def asking(method: str, *headers: str) -> dict[str, str]:
    return PAGE | {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": ",".join(headers).lower(),
    }


def open_to_all(response: httpx2.Response) -> bool:
    headers = response.headers
    assert "access-control-allow-credentials" not in headers
    if headers.get("access-control-allow-origin") != "*":
        return False
    return words(headers["access-control-expose-headers"]) >= EXPOSED


def test_a_page_may_ask_everything(cast: Cast, conformance: Conformance) -> None:
    for operation in operations(conformance.document):
        path = operation.path(cast.shown_things)
        preflight = cast.world.request("OPTIONS", path, headers=asking(operation.method, *SENT))
        assert (preflight.status_code, preflight.content) == (204, b""), path
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert operation.method in words(preflight.headers["access-control-allow-methods"])
        assert words(preflight.headers["access-control-allow-headers"]) >= SENT
        assert int(preflight.headers["access-control-max-age"]) > 0
        assert "access-control-allow-credentials" not in preflight.headers


def test_every_answer_can_be_read_by_a_page(world: World, cast: Cast, conformance: Conformance) -> None:
    asking_all, eve = world.person("zoe"), world.person("eve")
    for operation in operations(conformance.document):
        path = operation.path(cast.hidden_things)
        response = cast.world.request(
            operation.method, path, token=asking_all.token, headers=PAGE, **content(operation)
        )
        assert open_to_all(response), path
        assert "Origin" in words(response.headers["Vary"])
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("POST", "/v1/feed", 405),
        ("OPTIONS", "/v1/feed", 405),
        ("GET", "/v1/me", 401),
        ("GET", "/v1/feed?cursor=x", 400),
    ):
        token = None if status == 401 else eve.token
        response = cast.world.request(method, path, token=token, headers=PAGE)
        assert (response.status_code, open_to_all(response)) == (status, True)
    etag = eve.request("GET", "/v1/me").headers["ETag"]
    known = eve.request("GET", "/v1/me", headers=PAGE | {"If-None-Match": etag})
    assert (known.status_code, open_to_all(known)) == (304, True)


def test_a_request_without_an_origin_has_no_such_headers(cast: Cast) -> None:
    headers = cast.eve.request("GET", "/v1/me").headers
    assert not [name for name in headers if name.startswith("access-control")]
    plain = cast.eve.request("OPTIONS", "/v1/me", headers=PAGE)
    assert (plain.status_code, plain.headers["Allow"]) == (405, "GET, HEAD, PATCH")


@pytest.mark.embedded
def test_a_page_uploads_and_shows_pictures(world: World) -> None:
    ada = world.person("ada")
    upload = ada.declare(picture())["upload"]
    preflight = world.http.options(upload["url"], headers=asking(upload["method"], "Content-Type"))
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert upload["method"] in words(preflight.headers["access-control-allow-methods"])
    sent = world.http.request(
        upload["method"], upload["url"], headers=upload["headers"] | PAGE, content=picture()
    )
    assert (sent.status_code, open_to_all(sent)) == (204, True)
    wrong = world.http.put(upload["url"] + "x", headers=upload["headers"] | PAGE, content=picture())
    assert (wrong.status_code, open_to_all(wrong)) == (403, True)
    url = ada.get(f"/v1/posts/{ada.post()}")["media"][0]["renditions"]["thumb"]["url"]
    shown = world.http.get(url, headers=PAGE)
    assert (shown.status_code, open_to_all(shown)) == (200, True)
    assert shown.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("origin", ["https://photos.example", "https://other.example"])
def test_only_the_named_origins_may_read(strict: ServerProcess, origin: str) -> None:
    with httpx2.Client(base_url=strict.url) as http:
        response = http.get("/healthz", headers={"Origin": origin})
        preflight = http.options("/v1/me", headers=asking("PATCH") | {"Origin": origin})
    for answer in (response, preflight):
        assert answer.headers["access-control-allow-origin"] == origin
        assert "Origin" in words(", ".join(answer.headers.get_list("vary")))


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "https://photos.example.evil.example", "http://photos.example", "*", "",
     "https://photos.example:444", "https://PHOTOS.example", "https://photos.example,https://other.example"],
)  # fmt: skip
def test_other_origins_may_not(strict: ServerProcess, origin: str) -> None:
    with httpx2.Client(base_url=strict.url) as http:
        response = http.get("/healthz", headers={"Origin": origin})
        preflight = http.options("/v1/me", headers=asking("PATCH") | {"Origin": origin})
    for answer in (response, preflight):
        assert "access-control-allow-origin" not in answer.headers
        assert "Origin" in words(", ".join(answer.headers.get_list("vary")))
