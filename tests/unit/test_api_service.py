"""Health, metrics, and the documentation: true of what is served, and valid."""

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
import schemathesis

from api.health import Readiness
from api.metrics import SystemState
from api.models import ID_SCHEMA, parsed_id
from api.problems import CATALOGUE
from tests.unit.api_app import ADA, World


async def document(world: World | None = None) -> dict[str, Any]:
    async with (world or World()).client() as client:
        found: dict[str, Any] = (await client.get("/openapi.json")).json()
    return found


async def test_health() -> None:
    world = World()
    async with world.client() as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).json() == {
            "ready": True,
            "reasons": [],
            "lag": {},
            "rebuild_due": [],
        }
        world.readiness = Readiness(("the log is away",), {"likes": 7})
        response = await client.get("/readyz")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json() == {
        "ready": False,
        "reasons": ["the log is away"],
        "lag": {"likes": 7},
        "rebuild_due": [],
    }


async def test_lag_is_for_this_machine() -> None:
    async with World(readiness=Readiness(lag={"likes": 7})).client(peer="203.0.113.9") as client:
        assert (await client.get("/readyz")).json()["lag"] is None


async def test_metrics() -> None:
    world = World()
    async with world.client() as client:
        await client.get("/v1/things/7")
        response = await client.get("/metrics")
        forwarded = await client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert response.headers["content-type"].startswith("text/plain")
    assert 'photolog_requests_total{method="GET",route="/v1/things/{id}",status="200"} 1.0' in response.text
    assert forwarded.status_code == 403


async def test_metrics_say_how_the_system_stands() -> None:
    world = World(
        state=SystemState(
            {"kafka": 0.25, "s3": None}, {"photolog.posts": 9}, {"feeds": 3}, {"feeds": 1}, {"processing": 2}
        )
    )
    async with world.client() as client:
        said = (await client.get("/metrics")).text.splitlines()
    assert [line for line in said if line.startswith("photolog_") and "request" not in line] == [
        'photolog_up{service="kafka"} 1.0',
        'photolog_up{service="s3"} 0.0',
        'photolog_answer_seconds{service="kafka"} 0.25',
        'photolog_log_events{topic="photolog.posts"} 9.0',
        'photolog_lag_events{projection="feeds"} 3.0',
        'photolog_parked_keys{projection="feeds"} 1.0',
        'photolog_reactor_lag_events{reactor="processing"} 2.0',
    ]


@pytest.mark.parametrize(
    ("configured", "given", "status"),
    [
        (None, None, 403), (None, "Bearer None", 403), (None, "Bearer ", 403), ("secret", None, 403),
        ("secret", "Bearer other", 403), ("secret", "Bearer ü", 403), ("secret", "Bearer secret", 200),
    ],
)  # fmt: skip
async def test_metrics_for_others(configured: str | None, given: str | None, status: int) -> None:
    headers = [] if given is None else [(b"Authorization", given.encode())]
    async with World(metrics_token=configured).client(peer="203.0.113.9") as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status


async def test_the_document_is_valid_openapi() -> None:
    found = await document()
    schemathesis.openapi.from_dict(found).validate()
    assert found["openapi"].startswith("3.1")
    for schema in found["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


async def test_every_reference_leads_somewhere() -> None:
    found = await document()

    def follow(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(reference := value.get("$ref"), str):
                target: Any = found
                for step in reference.removeprefix("#/").split("/"):
                    target = target[step]
            for inner in value.values():
                follow(inner)
        elif isinstance(value, list):
            for inner in value:
                follow(inner)

    follow(found)


async def test_the_document_describes_what_is_served() -> None:
    world = World()
    found = await document(world)
    served = {(endpoint.path, endpoint.method.lower()) for endpoint in world.endpoints()}
    served |= {("/openapi.json", "get"), ("/docs", "get")}
    assert {(path, method) for path, methods in found["paths"].items() for method in methods} == served
    ids = [operation["operationId"] for methods in found["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


async def test_a_route_is_described_with_all_it_can_answer() -> None:
    post = (await document())["paths"]["/v1/things"]["post"]
    assert post["security"] == [{"bearer": []}]
    assert set(post["responses"]) == {"201", "400", "401", "409", "413", "415", "422", "429", "503"}
    codes = {
        status: response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"][
            "enum"
        ]
        for status, response in post["responses"].items()
        if status != "201"
    }
    assert codes["409"] == ["conflict", "media_in_use", "idempotency_in_progress"]
    assert codes["422"] == ["invalid", "idempotency_mismatch"]
    assert codes["503"] == ["unavailable", "not_caught_up"]
    assert {"Location", "Photolog-Position", "RateLimit-Remaining"} <= set(
        post["responses"]["201"]["headers"]
    )
    assert "Retry-After" in post["responses"]["429"]["headers"]
    listed = (await document())["paths"]["/v1/things"]["get"]
    assert {"Link", "ETag"} <= set(listed["responses"]["200"]["headers"])
    assert [parameter.get("name", parameter.get("$ref", "").split("/")[-1]) for parameter in listed["parameters"]] == [
        "order", "ids", "word", "limit", "cursor", "Photolog-Position", "If-None-Match",
    ]  # fmt: skip


async def test_answers_fit_their_schemas() -> None:
    found = await document()
    async with World().client() as client:
        for path, template in (("/v1/things/7", "/v1/things/{id}"), ("/v1/things?limit=2", "/v1/things")):
            response = await client.get(path, headers=ADA)
            schema = found["paths"][template]["get"]["responses"]["200"]["content"]["application/json"][
                "schema"
            ]
            jsonschema.validate(response.json(), {**schema, "components": found["components"]})
        response = await client.get("/v1/things?limit=0", headers=ADA)
        described = found["paths"]["/v1/things"]["get"]["responses"]["422"]
        schema = described["content"]["application/problem+json"]["schema"]
        jsonschema.validate(response.json(), {**schema, "components": found["components"]})


@pytest.mark.parametrize(
    "text",
    ["1", "9", "10", "9223372036854775807", "9223372036854775808", "9223372036854775799", "9223372036854775810",
     "8999999999999999999", "9300000000000000000", "10000000000000000000", "0", "01", "", "x", "1\n"],
)  # fmt: skip
def test_the_pattern_of_ids_is_exact(text: str) -> None:
    pattern = ID_SCHEMA["pattern"]
    assert isinstance(pattern, str)
    assert bool(re.fullmatch(pattern.removesuffix("$"), text)) == (parsed_id(text) is not None)


async def test_the_page_needs_nothing_from_elsewhere() -> None:
    async with World().client() as client:
        response = await client.get("/docs")
        problem = (await client.get("/v1/things/x")).json()
    policy = response.headers["content-security-policy"]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert policy.startswith("default-src 'none'")
    style = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)
    assert len(style) == 1
    assert b64encode(hashlib.sha256(style[0].encode()).digest()).decode() in policy
    page = _Tags()
    page.feed(response.text)
    assert not page.loaded
    assert set(CATALOGUE) <= page.ids
    assert problem["type"].removeprefix("/docs#") in page.ids
    assert "/v1/things/{id}/like" in response.text


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str | None] = set()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.ids.add(named.get("id"))
        if tag in ("script", "link", "img", "iframe") or "src" in named or "style" in named:
            self.loaded.append(tag)
