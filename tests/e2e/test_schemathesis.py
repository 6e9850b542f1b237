"""Schemathesis: requests made from the OpenAPI document, good and bad, answered by the running server as the document says.

Every operation is asked as somebody with an account, and about things that exist as well as about those that do not. The same
requests are made every time. `PHOTOLOG_TEST_EXAMPLES=500 .venv/bin/pytest tests/e2e/test_schemathesis.py` looks further.
"""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from prometheus_client import CollectorRegistry
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from api.docs_page import documentation
from api.health import health_endpoints
from api.metrics import Metrics, metrics_endpoint
from api.openapi import openapi_document
from api.services import Services
from api.table import endpoints
from tests.e2e.conformance import Conformance
from tests.e2e.operations import Things
from tests.e2e.server import ServerProcess
from tests.e2e.world import PASSWORD, Person, World

EXAMPLES_COUNT = int(os.environ.get("PHOTOLOG_TEST_EXAMPLES", "6"))
"""Random requests of each operation, besides those at the edges of everything that the document bounds."""

WHOLE: dict[str, dict[str, Any]] = {
    "place": {"name": "Wien", "latitude": 48.2, "longitude": 16.4},
    "focal_point": {"x": 0, "y": 0},
}


@dataclass(frozen=True)
class Known:
    """What may be asked about. Deletions are tried on things that nothing else needs."""

    asking: Person
    things: tuple[Things, ...]
    expendable: tuple[Things, ...]
    token_of_another_session: str
    position: str


@pytest.fixture(scope="module")
def known(server: ServerProcess, conformance: Conformance) -> Iterator[Known]:
    world = World(server.url, conformance.check)
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    mine, theirs = things_of(ada, bob), things_of(bob, bob)
    hidden = bob.ok("POST", "/v1/posts", 201, json={"media_ids": [bob.photo()], "visibility": "followers"})[
        "id"
    ]
    others = (replace(mine, post=theirs.post), theirs, replace(theirs, post=hidden), Things())
    expendable = (things_of(ada, bob), replace(theirs, post=hidden))
    login = {"login": ada.username, "password": PASSWORD}
    another = ada.ok("POST", "/v1/sessions", 201, json=login)["access_token"]
    assert world.position is not None
    yield Known(ada, (mine, *others), expendable, another, world.position)
    world.close()


def things_of(person: Person, other: Person) -> Things:
    post = person.post("#tag word", place=WHOLE["place"])
    comment = person.ok("POST", f"/v1/posts/{post}/comments", 201, json={"text": "word"})["id"]
    login = {"login": person.username, "password": PASSWORD}
    person.ok("POST", "/v1/sessions", 201, json=login)
    session = next(one["id"] for one in person.get("/v1/sessions")["items"] if not one["current"])
    media = person.declare(b"x", focal_point=WHOLE["focal_point"])["media"]["id"]
    return Things(other.id, post, comment, media, session, person.username, "tag", "word")


def document() -> dict[str, Any]:
    """As the server makes it; nothing of it depends on what the routes work with."""
    nothing = cast(Services, None)
    metrics = metrics_endpoint(Metrics(CollectorRegistry(), cast(Any, None)), None)
    table = (*endpoints(nothing), *health_endpoints(cast(Any, None)), metrics)
    return openapi_document((*table, *documentation(table)))


schema = schemathesis.openapi.from_dict(document())


def test_the_document_is_the_servers(conformance: Conformance) -> None:
    assert document() == conformance.document


@schema.parametrize()
@settings(
    max_examples=EXAMPLES_COUNT,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_the_document_says(
    case: schemathesis.Case[Any], server: ServerProcess, known: Known
) -> None:
    lend(case, known)
    excluded: list[Any] = [negative_data_rejection] if asks_for_more(case) else []
    headers = (
        {}
        if is_bad_at(case, ParameterLocation.HEADER)
        else {"Authorization": f"Bearer {token_for(case, known)}"}
    )
    case.call_and_validate(base_url=server.url, headers=headers, excluded_checks=excluded, timeout=30)


def token_for(case: schemathesis.Case[Any], known: Known) -> str:
    """Who signs out is not heard again."""
    return (
        known.token_of_another_session
        if case.operation.path == "/v1/sessions/current"
        else known.asking.token
    )


def is_bad_at(case: schemathesis.Case[Any], location: ParameterLocation) -> bool:
    """Whether the request was made to break the document there."""
    return case.meta is not None and case.meta.is_negative_at(location)


def asks_for_more(case: schemathesis.Case[Any]) -> bool:
    """Parameters that a route does not know are ignored, so they break nothing."""
    return not {parameter.name for parameter in case.operation.query}.issuperset(case.query)


def lend(case: schemathesis.Case[Any], known: Known) -> None:
    """Puts what exists in place of what was invented, in about half of the requests; which, the request itself decides."""
    drawn = zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode())
    if drawn % 2 == 0 and not is_bad_at(case, ParameterLocation.PATH):
        pool = known.expendable if case.method == "DELETE" else known.things
        lent = pool[drawn // 2 % len(pool)].parameters(case.operation.path)
        for name in case.path_parameters or {}:
            case.path_parameters[name] = lent[name]
    if case.meta is not None and case.meta.generation.mode.is_positive:
        make_good(case, known)


def make_good(case: schemathesis.Case[Any], known: Known) -> None:
    """What the document cannot say: strings that only the server makes, keys that are used for one request, addresses that are
    some, and parts of what may not be there to be part of.
    """
    number = zlib.crc32(repr((case.path_parameters, case.body)).encode())
    case.query.pop("cursor", None)
    if "Photolog-Position" in case.headers:
        case.headers["Photolog-Position"] = known.position
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(number)
    body: Any = case.body
    if not isinstance(body, dict):
        return
    if "email" in body:
        body["email"] = f"{number}@example.org"
    if case.method == "PATCH":
        for name, whole in WHOLE.items():
            if isinstance(body.get(name), dict):
                body[name] = whole | body[name]
