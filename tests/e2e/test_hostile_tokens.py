"""Access tokens that are none, and refresh tokens that come back."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tests.e2e.cast import Cast
from tests.e2e.forging import Secrets, encoded
from tests.e2e.world import PASSWORD, Person, World, until

Forge = Callable[[Secrets, dict[str, Any]], str]


def claiming(**changes: Any) -> Forge:
    """Signed by the server's own key; None takes a claim away."""

    def forge(secrets: Secrets, claims: dict[str, Any]) -> str:
        return secrets.token({name: v for name, v in (claims | changes).items() if v is not None})

    return forge


def headed(key: bytes | None = None, **changes: Any) -> Forge:
    """Good claims under another header; signed with the server's key unless another one is given."""

    def forge(secrets: Secrets, claims: dict[str, Any]) -> str:
        header = {name: v for name, v in (secrets.header() | changes).items() if v is not None}
        return secrets.token(claims, header, key)

    return forge


def unsigned(algorithm: str, rest: str = "") -> Forge:
    def forge(secrets: Secrets, claims: dict[str, Any]) -> str:
        return f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(claims)}.{rest}"

    return forge


def altered(change: Callable[[str], str]) -> Forge:
    """A good token, spoilt."""

    def forge(secrets: Secrets, claims: dict[str, Any]) -> str:
        return change(secrets.token(claims))

    return forge


def bit_flipped(place: int) -> Callable[[str], str]:
    def flip(token: str) -> str:
        at = place % len(token)
        return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]

    return flip


MUTANTS: dict[str, Forge] = {
    "no algorithm": unsigned("none"),
    "no algorithm, other case": unsigned("nOnE"),
    "no algorithm, with a signature": unsigned("none", "AAAA"),
    "no algorithm, signed": headed(alg="none"),
    "empty algorithm": headed(alg=""),
    "no alg at all": headed(alg=None),
    "HS384 with the key": headed(alg="HS384"),
    "HS512 with the key": headed(alg="HS512"),
    "RS256 in name": headed(alg="RS256"),
    "ES256 in name": headed(alg="ES256"),
    "lower case": headed(alg="hs256"),
    "algorithm in a list": headed(alg=["HS256"]),
    "empty key": headed(key=b""),
    "guessed key": headed(key=b"secret"),
    "key of zeros": headed(key=bytes(32)),
    "no key id": headed(kid=None),
    "other key id": headed(kid="0" * 16),
    "key id of a file": headed(key=b"", kid="../../../../dev/null"),
    "key id in SQL": headed(key=b"x", kid="' UNION SELECT 'x' --"),
    "key id that is a list": headed(kid=["x"]),
    "own key in the header": headed(key=b"x" * 32, jwk={"kty": "oct", "k": "eHh4"}),
    "address of keys": headed(key=b"x" * 32, jku="http://127.0.0.1:1/keys"),
    "address of certificates": headed(x5u="http://127.0.0.1:1/x"),
    "critical extension": headed(crit=["x"], x=1),
    "not encoded payload": headed(b64=False, crit=["b64"]),
    "compressed": headed(zip="DEF"),
    "nested": headed(cty="JWT"),
    "other type": headed(typ="at+jwt"),
    "expired": claiming(exp=1_700_000_000),
    "expired for ever": claiming(exp=0),
    "no expiry": claiming(exp=None),
    "expiry as text": claiming(exp="9999999999"),
    "expiry beyond numbers": claiming(exp=float("inf")),
    "expiry that is no number": claiming(exp=float("nan")),
    "expiry in parts": claiming(exp=9_999_999_999.5),
    "expiry that is a list": claiming(exp=[9_999_999_999]),
    "not yet valid": claiming(nbf=9_999_999_999),
    "issued tomorrow": claiming(iat=9_999_999_999),
    "never issued": claiming(iat=None),
    "other issuer": claiming(iss="somebody"),
    "no issuer": claiming(iss=None),
    "other audience": claiming(aud="photolog-admin"),
    "no audience": claiming(aud=None),
    "nobody": claiming(sub=None),
    "not a number": claiming(sub="ada"),
    "a number in a list": claiming(sub=[1]),
    "no session": claiming(sid=None),
    "unknown session": claiming(sid="1"),
    "session that is no number": claiming(sid="x"),
    "session beyond numbers": claiming(sid="9" * 30),
    "claims in a list": lambda secrets, claims: secrets.token([claims]),
    "claims as text": lambda secrets, claims: secrets.token("x"),
    "null claims": lambda secrets, claims: secrets.token(None),
    "no signature": altered(lambda token: token.rpartition(".")[0] + "."),
    "two parts": altered(lambda token: token.rpartition(".")[0]),
    "four parts": altered(lambda token: token + ".AAAA"),
    "cut": altered(lambda token: token[:-1]),
    "longer": altered(lambda token: token + "A"),
    "twice": altered(lambda token: token + token),
    "padded": altered(lambda token: token + "="),
    "payload of another": altered(
        lambda token: ".".join((token.split(".")[0], encoded({"sub": "1"}), token.split(".")[2]))
    ),
    "only dots": altered(lambda token: ".."),
    "long": altered(lambda token: token + "." + "A" * 5000),
    **{
        f"changed at {place}": altered(bit_flipped(place))
        for place in (0, 30, 70, 90, 150, 200, -43, -20, -2)
    },
}


def me(world: World, authorization: str) -> httpx2.Response:
    return world.request("GET", "/v1/me", headers={"Authorization": authorization})


def claims_of(cast: Cast, secrets: Secrets) -> dict[str, Any]:
    session = next(one["id"] for one in cast.ada.get("/v1/sessions")["items"] if one["current"])
    return secrets.claims(cast.ada.id, session)


def test_a_token_made_with_all_secrets_is_good(cast: Cast, secrets: Secrets) -> None:
    """So what is refused below is refused for what is wrong with it."""
    token = secrets.token(claims_of(cast, secrets))
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert me(cast.world, f"{scheme} {token}").json()["id"] == cast.ada.id


@pytest.mark.parametrize("name", MUTANTS)
def test_a_forged_token_is_refused(cast: Cast, secrets: Secrets, name: str) -> None:
    token = MUTANTS[name](secrets, claims_of(cast, secrets))
    for path in ("/v1/me", f"/v1/posts/{cast.posts[0]}"):  # where a token is needed, and where it is not
        response = cast.world.request("GET", path, token=token)
        assert response.status_code == 401, response.text
        assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_')


def test_a_session_speaks_for_its_owner_only(cast: Cast, secrets: Secrets) -> None:
    claims = claims_of(cast, secrets) | {"sub": cast.eve.id}
    assert me(cast.world, f"Bearer {secrets.token(claims)}").status_code == 401


def other_strings(cast: Cast) -> Iterator[str]:
    """Strings of ours that are for something else."""
    yield cast.ada.refresh_token
    yield cast.ada.get(f"/v1/users/{cast.ada.id}/posts?limit=1")["next_cursor"]
    assert cast.world.position is not None
    yield cast.world.position


def test_other_strings_are_no_tokens(cast: Cast) -> None:
    for string in other_strings(cast):
        assert me(cast.world, f"Bearer {string}").status_code == 401


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Basic {}", "{}", "Token {}", "Bearer {}, Bearer {}", "Bearer {} {}", 'Bearer "{}"',
     "Bearer\t{}", "Bearer {},", "Digest Bearer {}"],
)  # fmt: skip
def test_a_header_that_is_not_a_bearer_token_is_refused(cast: Cast, authorization: str) -> None:
    response = me(cast.world, authorization.replace("{}", cast.ada.token))
    assert response.status_code == 401


def test_two_headers_are_none(cast: Cast) -> None:
    headers = [("Authorization", f"Bearer {cast.ada.token}")] * 2
    assert cast.world.http.get("/v1/me", headers=headers).status_code == 401


def refreshed(world: World, token: str) -> httpx2.Response:
    return world.request("POST", "/v1/sessions/refresh", json={"refresh_token": token})


def lives(person: Person, token: str) -> bool:
    return person.world.request("GET", "/v1/me", token=token).status_code == 200


def test_a_token_replaced_before_the_last_one_ends_the_session(world: World) -> None:
    """Only the one *just* replaced may come again."""
    ada = world.person("ada")
    second = refreshed(world, ada.refresh_token).json()
    third = refreshed(world, second["refresh_token"]).json()
    assert refreshed(world, ada.refresh_token).status_code == 401
    until(lambda: not lives(ada, third["access_token"]))
    assert refreshed(world, third["refresh_token"]).status_code == 401


def test_who_lost_an_answer_goes_on_with_the_next_one(world: World) -> None:
    ada = world.person("ada")
    refreshed(world, ada.refresh_token)
    again = refreshed(world, ada.refresh_token).json()
    assert lives(ada, again["access_token"])
    assert refreshed(world, again["refresh_token"]).status_code == 200


def test_a_stolen_session_ends_alone(world: World) -> None:
    ada = world.person("ada")
    login = {"login": ada.username, "password": PASSWORD}
    other = ada.ok("POST", "/v1/sessions", 201, json=login)
    for _ in range(3):
        last = refreshed(world, ada.refresh_token)
    assert last.status_code == 401
    until(lambda: not lives(ada, ada.token))
    assert lives(ada, other["access_token"])


@pytest.mark.parametrize(
    ("token", "status"),
    [("", 422), ("x\0", 422), ("x" * 2049, 422), ("x" * 2048, 401), ("é" * 43, 401), ("A" * 42, 401), ("A" * 44, 401),
     (" ", 401), (1, 422), (None, 422), (["x"], 422), ({}, 422)],
)  # fmt: skip
def test_what_is_no_refresh_token_is_refused(world: World, token: object, status: int) -> None:
    response = world.request("POST", "/v1/sessions/refresh", json={"refresh_token": token})
    assert response.status_code == status
    assert response.json()["code"] == {401: "bad_refresh_token", 422: "invalid"}[status]


def test_an_access_token_refreshes_nothing(world: World) -> None:
    ada = world.person("ada")
    assert refreshed(world, ada.token).json()["code"] == "bad_refresh_token"
    assert lives(ada, ada.token)


def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    ada = world.person("ada")
    login = {"login": ada.username, "password": PASSWORD}
    other = ada.ok("POST", "/v1/sessions", 201, json=login)
    wrong = {"current": "not the password", "new": "another password"}
    ada.refused("PUT", "/v1/me/password", 401, "bad_credentials", json=wrong)
    assert lives(ada, other["access_token"])
    ada.ok("PUT", "/v1/me/password", json={"current": PASSWORD, "new": "another password"})
    until(lambda: not lives(ada, other["access_token"]))
    assert lives(ada, ada.token)
    assert refreshed(world, other["refresh_token"]).status_code == 401
    ada.refused("POST", "/v1/sessions", 401, "bad_credentials", json=login)


def test_nobody_learns_whether_an_account_exists(world: World) -> None:
    ada = world.person("ada")
    names = (ada.username, f"{ada.username}@example.org", "nobody.here", "x@y.z", "@", "\u202e", "a" * 254)
    answers = [
        world.request("POST", "/v1/sessions", json={"login": name, "password": "wrong password"})
        for name in names
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    wanted = {name for name in answers[0].headers if name not in ("date", "x-request-id")}
    assert all(
        {n for n in answer.headers if n not in ("date", "x-request-id")} == wanted for answer in answers
    )
