"""What only the server can make, made here with its own secrets: old strings, and forged ones that differ in one thing."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import orjson

from api.cursors import Cursors, Keys, binding
from api.positions import PositionStrings
from api.signing import base64url, derived_key
from events.ids import system_clock
from stores.files.signatures import Signatures
from stores.ports.log import Positions
from tests.e2e.server import ServerProcess

HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
Json = Mapping[str, Any]


class Secrets:
    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        configured = server.settings.get("PHOTOLOG_SECRET")
        self.secret = self._kept("secret") if configured is None else configured.encode()
        self.token_key = derived_key(self.secret, "access token")
        self.token_kid = hmac.digest(derived_key(self.secret, "access token id"), b"", "sha256").hex()[:16]

    @property
    def signatures(self) -> Signatures:
        """Of the media store that an embedded server is itself."""
        return Signatures(self._kept("objects"))

    def cursor(self, keys: Keys, route: str, parameters: Json, viewer: str | None, age_s: int) -> str:
        """As the list at `route` made it so long ago."""
        cursors = Cursors(self.secret, lambda: system_clock() - age_s * 1000)
        return cursors.seal(keys, binding(route, parameters, None if viewer is None else int(viewer)))

    def position(self, positions: Positions) -> str:
        return PositionStrings(self.secret).seal(positions)

    def _kept(self, name: str) -> bytes:
        """A secret that an embedded server has made for itself."""
        known = orjson.loads((self._server.data / "secrets.json").read_bytes())
        return bytes.fromhex(known[name])

    def claims(self, user_id: str, session_id: str) -> dict[str, Any]:
        """Those of a good access token."""
        now_s = int(time.time())
        return {
            "iss": "photolog",
            "aud": "photolog-api",
            "sub": user_id,
            "sid": session_id,
            "iat": now_s,
            "exp": now_s + 900,
        }

    def header(self) -> dict[str, Any]:
        """That of a good access token."""
        return {"typ": "JWT", "alg": "HS256", "kid": self.token_kid}

    def token(self, claims: object, header: Json | None = None, key: bytes | None = None) -> str:
        """Signed with the server's own key where nothing else is said."""
        first = encoded(self.header() if header is None else header)
        signed = f"{first}.{encoded(claims)}"
        return f"{signed}.{signature(signed, self.token_key if key is None else key, header)}"


def encoded(value: object) -> str:
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def signature(signed: str, key: bytes, header: Json | None = None) -> str:
    name = HASHES.get(str((header or {}).get("alg")), "sha256")
    return base64url(hmac.new(key, signed.encode(), getattr(hashlib, name)).digest())
