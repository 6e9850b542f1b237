"""Access tokens: ours, unexpired, HS256 and nothing else."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from api.problems import ProblemError
from api.signing import derived_key
from api.tokens import (
    ACCESS_VALID_S,
    AUDIENCE,
    ISSUER,
    AccessClaims,
    AccessTokens,
    bearer_token,
    new_refresh_token,
    refresh_hash,
    unauthorized,
)

NOW_S = 1_800_000_000
SECRET = b"the first secret"


class Clock:
    now_s = NOW_S

    def __call__(self) -> int:
        return self.now_s * 1000


def tokens(*secrets: bytes, clock: Clock | None = None, cache_count: int = 10) -> AccessTokens:
    return AccessTokens(secrets or (SECRET,), clock or Clock(), cache_count)


def made(claims: dict[str, object], header: dict[str, object] | None = None) -> str:
    """A token with a good signature and other contents."""
    kid = json.loads(base64.urlsafe_b64decode(tokens().issue(1, 2).split(".")[0] + "=="))["kid"]
    full = {"iss": ISSUER, "aud": AUDIENCE, "sub": "1", "sid": "2", "iat": NOW_S, "exp": NOW_S + 9} | claims
    full = {name: value for name, value in full.items() if value is not None}
    key = OctKey.import_key(derived_key(SECRET, "access token"))
    return jwt.encode({"alg": "HS256", "kid": kid} | (header or {}), full, key, algorithms=["HS256", "HS512"])


def test_what_was_issued_is_verified() -> None:
    token = tokens().issue(2**63 - 1, 5)
    assert tokens().verify(token) == AccessClaims(2**63 - 1, 5, NOW_S + ACCESS_VALID_S)
    assert tokens().verify(made({})) == AccessClaims(1, 2, NOW_S + 9)


def test_it_is_refused_from_its_last_second_on_also_from_memory() -> None:
    clock = Clock()
    both = tokens(clock=clock)
    token = both.issue(1, 2)
    clock.now_s = NOW_S + ACCESS_VALID_S - 1
    assert both.verify(token)
    clock.now_s += 1
    assert both.verify(token) is None
    assert both.verify(token) is None
    clock.now_s = NOW_S - 5
    assert both.verify(token) is None  # issued in the future


def test_memory_is_bounded() -> None:
    few = tokens(cache_count=3)
    issued = [few.issue(number, 1) for number in range(1, 9)]
    assert [claims.account_id for token in issued if (claims := few.verify(token))] == list(range(1, 9))
    assert len(few._verified) == 3


def test_secrets_rotate() -> None:
    old, new = b"the old secret", b"the new secret"
    token = tokens(old).issue(1, 2)
    assert tokens(new, old).verify(token)
    assert tokens(new).verify(token) is None
    assert tokens(old).verify(tokens(new, old).issue(1, 2)) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "another"}, {"aud": "another"}, {"aud": None}, {"iss": None}, {"sub": None}, {"sid": None},
        {"exp": None}, {"exp": NOW_S}, {"exp": "soon"}, {"iat": None}, {"sub": "ada"}, {"sid": ""}, {"sub": 1},
        {"sub": ["1"]},
    ],
)  # fmt: skip
def test_other_claims_are_refused(claims: dict[str, object]) -> None:
    assert tokens().verify(made(claims)) is None


def test_other_algorithms_are_refused() -> None:
    assert tokens().verify(made({}, {"alg": "HS512"})) is None
    header, payload, _ = tokens().issue(1, 2).split(".")
    for algorithm in ("none", "None", "HS512", "RS256"):
        other = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).rstrip(b"=").decode()
        assert tokens().verify(f"{other}.{payload}.") is None
        assert tokens().verify(f"{other}.{payload}.{header}") is None


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"1",
        b"null",
        b"{}",
        b'{"alg":[]}',
        b'{"alg":"HS256","kid":[1]}',
        b'{"alg":"HS256","crit":1}',
        b"\xff",
    ],
)
def test_strange_headers_are_refused(header: bytes) -> None:
    _, payload, signature = tokens().issue(1, 2).split(".")
    assert (
        tokens().verify(f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{payload}.{signature}")
        is None
    )


@given(st.text(max_size=80))
def test_no_text_is_taken_for_a_token(text: str) -> None:
    assert tokens().verify(text) is None
    assert tokens().verify(f"{text}.{text}.{text}") is None


def test_every_changed_character_is_noticed() -> None:
    token = tokens().issue(1, 2)
    for place, character in enumerate(token):
        forged = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        assert tokens().verify(forged) is None, place


@pytest.mark.parametrize(
    ("header", "token"), [("Bearer abc.d-e_f", "abc.d-e_f"), ("bearer  a=", "a="), ("BEARER x", "x")]
)
def test_bearer(header: str, token: str) -> None:
    assert bearer_token(header) == token


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "abc",
        "Basic abc",
        "Bearer a b",
        "Bearer a, Bearer b",
        "Bearer é",
        "Bearer a\n",
        "Bearer " + "a" * 100_000,
    ],
)
def test_other_headers_are_unauthorized(header: str) -> None:
    with pytest.raises(ProblemError) as caught:
        bearer_token(header)
    assert caught.value.kind.status == 401
    assert caught.value.headers["WWW-Authenticate"] == 'Bearer error="invalid_request"'


def test_without_a_token_the_challenge_is_bare() -> None:
    assert unauthorized().headers == {"WWW-Authenticate": "Bearer"}


def test_refresh_tokens() -> None:
    token, other = new_refresh_token(), new_refresh_token()
    assert token != other
    first, second = refresh_hash(token), refresh_hash(other)
    assert first is not None
    assert second is not None
    assert len(first) == 32
    assert first != second
    assert refresh_hash(token) == first


@pytest.mark.parametrize("text", ["", "a" * 42, "a" * 44, "é" * 43, "a" * 42 + "=", "a" * 43 + "\n"])
def test_other_texts_are_no_refresh_token(text: str) -> None:
    assert refresh_hash(text) is None
