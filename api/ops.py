"""`/ops`: who may see the operators' page, and how it is served. There is nothing to be done on it, so it has only GET.

Not part of the JSON API and not in its document. Whoever knows the operators' password is one; the user name is not looked at.
"""

import hmac
from base64 import b64decode
from hashlib import sha256

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api import scopes
from api.addresses import Addresses, limited_as
from api.headers import Headers
from api.ops_page import CONTENT_SECURITY_POLICY, page
from api.ops_state import LookUp
from api.problems import METHOD_NOT_ALLOWED, RATE_LIMITED, UNAUTHORIZED, problem
from api.replies import RawReply, send_reply
from stores.ports.rates import Allowance, Rates

PATH = "/ops"
ALLOWANCE = Allowance(60, 60)
"""Of an address, with the password or without: a few pages that refresh themselves, and few guesses."""
_STILL = b"refresh=no"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Photolog operators", charset="UTF-8"'}
_HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"vary", b"Authorization, Origin"),
)


class OpsRoute:
    """An ASGI application. `look_up` finds out what is shown, for operators only."""

    def __init__(self, look_up: LookUp, password: str, rates: Rates, addresses: Addresses) -> None:
        self._look_up, self._rates, self._addresses = look_up, rates, addresses
        self._password = _digest(password.encode())

    def route(self) -> Route:
        return Route(PATH, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[scopes.ROUTE] = PATH
        headers: Headers = scope[scopes.HEADERS]
        if scope["method"] not in ("GET", "HEAD"):
            raise problem(METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
        await self._count(self._addresses.client(scope, headers))
        if not hmac.compare_digest(_digest(_password(headers)), self._password):
            raise problem(UNAUTHORIZED, "The operators' password is needed.", headers=_CHALLENGE)
        refreshes: bool = scope["query_string"] != _STILL
        content = page(await self._look_up(), refreshes).encode()
        await send_reply(RawReply(200, list(_HEADERS), content), scope["method"], send)

    async def _count(self, address: str) -> None:
        """Before the password is looked at: who has used up their guesses is not told of a right one."""
        verdict = await self._rates.hit(f"operator@{limited_as(address)}", ALLOWANCE)
        if not verdict.allowed:
            raise problem(RATE_LIMITED, headers={"Retry-After": str(verdict.reset_s)})


def _digest(password: bytes) -> bytes:
    """Of one length, so that comparing tells nothing of it."""
    return sha256(password).digest()


def _password(headers: Headers) -> bytes:
    """Empty, which no password is, where none can be read."""
    scheme, _, encoded = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return b64decode(encoded.strip(), validate=True).partition(b":")[2]
    except ValueError:
        return b""
