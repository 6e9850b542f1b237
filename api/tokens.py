"""Access and refresh tokens, the pure parts: how they are made, read and checked.

An access token is a JWT (HS256 and nothing else) that names an account and one of its sessions for 15
minutes. Whether that session still lives is for the session store to say, and must be asked besides. A
refresh token is 256 random bits of which only the hash is kept. This is the only module that knows the JWT
library.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from api.models import parsed_id
from api.problems import UNAUTHORIZED, ProblemError, problem
from api.signing import base64url, derived_key
from events.ids import Clock

ACCESS_VALID_S = 15 * 60
TOKEN_MAX_CHARS = 2048
ISSUER = "photolog"
AUDIENCE = "photolog-api"

_ALGORITHMS = ("HS256",)
_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9\-._~+/]+=*)")
_REFRESH = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class AccessClaims:
    account_id: int
    session_id: int
    expires_at_s: int


class AccessTokens:
    """Issues and verifies. The first secret signs, all verify: to rotate, put a new one in front, drop the
    old 15 minutes later.

    Verified tokens are remembered until they expire, `cache_count` of them at most.
    """

    def __init__(self, key_secrets: Sequence[bytes], clock: Clock, cache_count: int = 10_000) -> None:
        keys = [_key(secret) for secret in key_secrets]
        self._signing_key = keys[0]
        self._key_by_header = {_signed({}, key).split(".")[0]: key for key in keys}
        """Tokens of ours have no other headers than these, so nobody else's header is ever parsed."""
        self._clock = clock
        self._cache_count = cache_count
        self._verified: dict[str, AccessClaims] = {}
        self._claims = jwt.JWTClaimsRegistry(
            now=self._now_s,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            sub={"essential": True},
            sid={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
        )

    def issue(self, account_id: int, session_id: int) -> str:
        now_s = self._now_s()
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(account_id),
            "sid": str(session_id),
            "iat": now_s,
            "exp": now_s + ACCESS_VALID_S,
        }
        return _signed(claims, self._signing_key)

    def verify(self, token: str) -> AccessClaims | None:
        """The claims, or None for a token that is forged, expired, or not ours."""
        known = self._verified.get(token)
        if known is None:
            known = self._read(token)
            if known is not None:
                self._remember(token, known)
        elif known.expires_at_s <= self._now_s():
            del self._verified[token]
            return None
        return known

    def _read(self, token: str) -> AccessClaims | None:
        key = self._key_by_header.get(token.partition(".")[0])
        if key is None or len(token) > TOKEN_MAX_CHARS:
            return None
        try:
            claims = jwt.decode(token, key, algorithms=_ALGORITHMS).claims
            self._claims.validate(claims)
        except (JoseError, ValueError):
            return None
        return _access_claims(claims)

    def _remember(self, token: str, claims: AccessClaims) -> None:
        if len(self._verified) >= self._cache_count:
            del self._verified[next(iter(self._verified))]  # the one verified longest ago
        self._verified[token] = claims

    def _now_s(self) -> int:
        return self._clock() // 1000


def _access_claims(claims: dict[str, Any]) -> AccessClaims | None:
    """None for values that no token of ours has."""
    account_id, session_id = (_id(claims[name]) for name in ("sub", "sid"))
    expires_at_s = claims["exp"]
    if account_id is None or session_id is None or not isinstance(expires_at_s, int):
        return None
    return AccessClaims(account_id, session_id, expires_at_s)


def _id(claim: object) -> int | None:
    return parsed_id(claim) if isinstance(claim, str) else None


def _signed(claims: dict[str, object], key: OctKey) -> str:
    return jwt.encode({"alg": _ALGORITHMS[0], "kid": key.kid}, claims, key, algorithms=_ALGORITHMS)


def _key(secret: bytes) -> OctKey:
    kid = hmac.digest(derived_key(secret, "access token id"), b"", "sha256").hex()[:16]
    return OctKey.import_key(derived_key(secret, "access token"), {"kid": kid, "alg": "HS256", "use": "sig"})


def bearer_token(authorization: str) -> str:
    """The token of an Authorization header; raises `unauthorized` for any other form."""
    match = _BEARER.fullmatch(authorization) if len(authorization) <= TOKEN_MAX_CHARS + 10 else None
    if match is None:
        raise unauthorized("invalid_request")
    return match[1]


def unauthorized(error: str | None = None) -> ProblemError:
    """A 401 with its challenge; `error` is RFC 6750's word for what was wrong with the token, None when there
    was none.
    """
    challenge = "Bearer" if error is None else f'Bearer error="{error}"'
    return problem(UNAUTHORIZED, headers={"WWW-Authenticate": challenge})


def new_refresh_token() -> str:
    """256 random bits; shown to the client once, stored only as `refresh_hash`."""
    return base64url(secrets.token_bytes(32))


def refresh_hash(token: str) -> bytes | None:
    """What is stored and looked up; None for a text that cannot be a refresh token.

    A plain hash is enough for 256 random bits: there is nothing to guess.
    """
    if not _REFRESH.fullmatch(token):
        return None
    return hashlib.sha256(token.encode()).digest()
