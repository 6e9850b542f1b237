"""Rate limits: who is counted how, what a refusal says, and that nobody gets around them by inventing an address."""

import itertools
from collections.abc import Iterator

import httpx2
import pytest

from tests.e2e.cast import Cast
from tests.e2e.server import STRICT, ServerProcess
from tests.e2e.world import PASSWORD

_addresses = (f"198.51.100.{number}" for number in itertools.count(1))
_numbers = itertools.count()
READS, WRITES, REGISTRATIONS, LOGINS = (
    int(STRICT[f"PHOTOLOG_{name}"])
    for name in ("READS_PER_MINUTE", "WRITES_PER_MINUTE", "REGISTRATIONS_PER_HOUR", "LOGINS_PER_MINUTE")
)


@pytest.fixture
def http(strict: ServerProcess) -> Iterator[httpx2.Client]:
    """Of a client whose address nobody else has."""
    with httpx2.Client(base_url=strict.url, headers=coming_from(next(_addresses))) as client:
        yield client


def coming_from(*hops: str) -> dict[str, str]:
    return {"X-Forwarded-For": ", ".join(hops)}


def counted(response: httpx2.Response) -> tuple[int, int]:
    assert 1 <= int(response.headers["RateLimit-Reset"]) <= 3600
    return int(response.headers["RateLimit-Limit"]), int(response.headers["RateLimit-Remaining"])


def refused(response: httpx2.Response) -> bool:
    if response.status_code != 429:
        return False
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "rate_limited"
    assert response.headers["Retry-After"] == response.headers["RateLimit-Reset"]
    assert counted(response)[1] == 0
    return True


def account(http: httpx2.Client, **headers: str) -> httpx2.Response:
    username = f"rita{next(_numbers)}"
    body = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
    return http.post("/v1/accounts", json=body, headers=headers)


def bearer(registered: httpx2.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {registered.json()['access_token']}"}


def test_reads_of_an_address_are_counted_down_and_refused(http: httpx2.Client) -> None:
    path = "/v1/search/tags?q=x"
    answers = [http.get(path) for _ in range(READS)]
    assert [counted(answer) for answer in answers] == [(READS, left) for left in range(READS - 1, -1, -1)]
    assert refused(http.get(path))
    assert http.head(path).status_code == 429
    assert not refused(http.get(path, headers=coming_from(next(_addresses))))


def test_each_account_is_counted_for_itself_wherever_it_is(http: httpx2.Client) -> None:
    ada, bob = bearer(account(http)), bearer(account(http))
    elsewhere = coming_from(next(_addresses))
    for _ in range(READS):
        assert http.get("/v1/me", headers=ada).status_code == 200
    assert refused(http.get("/v1/me", headers=ada))
    assert refused(http.get("/v1/me", headers=ada | elsewhere))
    assert http.get("/v1/me", headers=bob).status_code == 200
    assert not refused(http.get("/v1/search/tags?q=x"))  # nobody signed in, from the same address


def test_writes_are_counted_apart_from_reads(http: httpx2.Client) -> None:
    ada = bearer(account(http))
    answers = [http.patch("/v1/me", json={}, headers=ada) for _ in range(WRITES)]
    assert [counted(answer)[1] for answer in answers] == list(range(WRITES - 1, -1, -1))
    assert refused(http.patch("/v1/me", json={}, headers=ada))
    assert refused(http.delete("/v1/posts/1/like", headers=ada))
    assert http.get("/v1/me", headers=ada).status_code == 200


def test_registrations_and_log_ins_are_counted_by_address(http: httpx2.Client) -> None:
    answers = [account(http) for _ in range(REGISTRATIONS)]
    assert [answer.status_code for answer in answers] == [201] * REGISTRATIONS
    assert refused(account(http))
    assert refused(account(http, **bearer(answers[0])))  # a token does not help
    login = {"login": "nobody", "password": PASSWORD}
    for _ in range(LOGINS):
        assert http.post("/v1/sessions", json=login).status_code == 401
    assert refused(http.post("/v1/sessions", json=login))
    new = {"current": PASSWORD, "new": PASSWORD}
    assert refused(http.put("/v1/me/password", json=new, headers=bearer(answers[0])))


def test_guessing_tokens_is_counted(http: httpx2.Client) -> None:
    forged = {"Authorization": "Bearer x.y.z"}
    for _ in range(READS):
        assert http.get("/v1/me", headers=forged).status_code == 401
    assert refused(http.get("/v1/me", headers=forged))
    assert refused(http.get("/v1/me"))


def test_requests_that_are_wrong_are_counted(http: httpx2.Client) -> None:
    for path in (
        "/v1/posts/x",
        "/v1/posts/999",
        "/v1/posts?ids=x",
        "/v1/search/tags?q=",
        "/v1/posts?ids=%ff",
    ):
        assert http.get(path).status_code in (400, 404, 422)
    assert refused(http.get("/v1/posts/999"))


def test_what_an_operator_asks_is_not_counted(http: httpx2.Client) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs"):
        for _ in range(READS + 2):
            response = http.get(path)
            assert response.status_code == 200
            assert "RateLimit-Limit" not in response.headers
    assert http.get("/metrics").status_code == 403
    assert http.get("/metrics", headers={"Authorization": "Bearer let-me-look"}).status_code == 200
    for wrong in (b"Bearer let-me-loo", b"bearer let-me-look", b"let-me-look", b"Bearer \xc3\xa9"):
        assert http.get("/metrics", headers=[(b"Authorization", wrong)]).status_code == 403


def test_a_refused_request_does_not_use_up_its_key(http: httpx2.Client) -> None:
    for _ in range(REGISTRATIONS):
        account(http)
    username = f"rosa{next(_numbers)}"
    body = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
    key = {"Idempotency-Key": "one key"}
    assert refused(http.post("/v1/accounts", json=body, headers=key))
    later = http.post("/v1/accounts", json=body, headers=key | coming_from(next(_addresses)))
    assert later.status_code == 201


def test_addresses_that_a_client_invents_do_not_help(http: httpx2.Client) -> None:
    own = next(_addresses)
    invented = [
        coming_from("203.0.113.7", own),
        coming_from("127.0.0.1", own),
        coming_from("x" * 5000, own),
        coming_from("not an address", own),
        coming_from(own, "10.1.2.3"),
        coming_from("203.0.113.8", f"{own}:4711", "10.1.2.3", "127.0.0.1"),
        coming_from(f"::ffff:{own}"),
        {"Forwarded": "for=203.0.113.9"} | coming_from(own),
    ]
    left = [counted(http.get("/v1/search/tags?q=x", headers=headers))[1] for headers in invented[:READS]]
    assert left == list(range(READS - 1, -1, -1))
    for headers in invented[READS:]:
        assert refused(http.get("/v1/search/tags?q=x", headers=headers))


def test_a_network_of_addresses_is_one_client(http: httpx2.Client) -> None:
    network = "2001:db8:0:1"
    left = [
        counted(http.get("/v1/search/tags?q=x", headers=coming_from(f"{network}::{number}")))[1]
        for number in range(1, READS + 1)
    ]
    assert left == list(range(READS - 1, -1, -1))
    assert not refused(http.get("/v1/search/tags?q=x", headers=coming_from("2001:db8:0:2::1")))
    login = {"login": "nobody", "password": PASSWORD}
    for number in range(LOGINS):
        http.post("/v1/sessions", json=login, headers=coming_from(f"{network}::{number}"))
    ada = bearer(account(http))
    new = {"current": PASSWORD, "new": PASSWORD}
    asked = http.put("/v1/me/password", json=new, headers=ada | coming_from(f"{network}:ffff::1"))
    assert refused(asked)


def test_without_a_trusted_proxy_nobody_is_believed(cast: Cast) -> None:
    """The other server has no proxy: all of this comes from one address."""
    left = [
        counted(cast.world.request("GET", "/v1/search/tags?q=x", headers=headers))[1]
        for headers in (
            {},
            coming_from("203.0.113.1"),
            coming_from("203.0.113.2"),
            {"X-Real-IP": "203.0.113.3"},
        )
    ]
    assert left == [left[0] - number for number in range(4)]
