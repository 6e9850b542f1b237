"""The HTTP client of the demo: what any well-behaved client of the API does, and no more.

Sends again what was refused for now (429, 503) or never answered, waiting as long as the server says; a POST carries the same
idempotency key each time, so that nothing is made twice. Knows the API's conventions, not what the demo is about.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urljoin

import httpx2

from runtime.demo.errors import DemoError

LONGEST_WAIT_S = 75.0
"""A little more than the window of the limits that count per minute."""
_LAST_PORT = 65_535
_TRIES_COUNT = 8
_AGAIN = frozenset({429, 503})
_TIMEOUT_S = 30.0

Sleep = Callable[[float], Awaitable[None]]


class RefusedError(DemoError):
    """The server answered with a problem; `code` is its stable name."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Client:
    """`transport` None is the network."""

    def __init__(
        self, url: str, transport: httpx2.AsyncBaseTransport | None = None, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.url = url.rstrip("/")
        self._sleep = sleep
        try:
            self._http = httpx2.AsyncClient(
                base_url=self.url, transport=transport, timeout=_TIMEOUT_S, trust_env=False
            )
        except httpx2.InvalidURL as error:
            raise _no_address(self.url) from error
        if (self._http.base_url.port or 0) > _LAST_PORT:
            raise _no_address(self.url)

    async def close(self) -> None:
        await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        position: str | None = None,
        json: object = None,
    ) -> httpx2.Response:
        """A success. Raises RefusedError for a problem and DemoError when there is no answer."""
        headers = {"User-Agent": "photolog-demo"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if position is not None:
            headers["Photolog-Position"] = position
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        return await self._patiently(self._http.build_request(method, path, headers=headers, json=json))

    async def upload(self, instructions: dict[str, Any], content: bytes) -> None:
        """Send the file where the server said, as it said; no token goes there."""
        url = urljoin(f"{self.url}/", instructions["url"])
        if instructions.get("fields"):
            body: dict[str, Any] = {"data": instructions["fields"], "files": {"file": ("photo.jpg", content)}}
        else:
            body = {"content": content, "headers": instructions.get("headers") or {}}
        await self._patiently(self._http.build_request(instructions["method"], url, **body))

    async def download(self, url: str, most_bytes: int) -> bytes:
        """A file that needs no token, from the server or from where its media lie."""
        request = self._http.build_request("GET", urljoin(f"{self.url}/", url))
        try:
            response = await self._http.send(request, stream=True)
            try:
                return await _read(response, most_bytes)
            finally:
                await response.aclose()
        except httpx2.HTTPError as error:
            raise DemoError(f"{url} cannot be fetched: {error!r}") from error

    async def pause(self, response: httpx2.Response) -> None:
        """As long as the answer asks for, or a moment."""
        await self._sleep(min(_retry_after_s(response) or 0.2, LONGEST_WAIT_S))

    async def _patiently(self, request: httpx2.Request) -> httpx2.Response:
        for attempt in range(1, _TRIES_COUNT + 1):
            response = await self._answer(request, attempt)
            if response is not None and response.is_success:
                return response
            if response is not None and response.status_code not in _AGAIN:
                raise _refusal(request, response)
            await self._wait(request, response, attempt)
        raise DemoError(
            f"{_named(request)} was not answered in {_TRIES_COUNT} tries. Look at the server's log."
        )

    async def _answer(self, request: httpx2.Request, attempt: int) -> httpx2.Response | None:
        """None when the connection broke: the same request may be sent again."""
        try:
            return await self._http.send(request)
        except httpx2.ConnectError as error:
            raise DemoError(
                f"Nobody answers at {self.url}. Start the server with `make run`, or name another with --url."
            ) from error
        except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
            raise _no_address(self.url) from error
        except httpx2.TransportError as error:
            if attempt == _TRIES_COUNT:
                raise DemoError(
                    f"{_named(request)} broke off: {error!r}. Is this a Photolog server?"
                ) from error
            return None

    async def _wait(self, request: httpx2.Request, response: httpx2.Response | None, attempt: int) -> None:
        wait_s = 0.1 * 2**attempt
        if response is not None:
            wait_s = max(_retry_after_s(response), 0.1)
        if wait_s > LONGEST_WAIT_S:
            raise DemoError(
                f"{_named(request)} is refused for another {round(wait_s / 60)} minutes: a rate limit of the server. "
                "Use fewer --people, or start the server with PHOTOLOG_REGISTRATIONS_PER_HOUR=10000."
            )
        await self._sleep(wait_s)


def _no_address(url: str) -> DemoError:
    return DemoError(f"{url} is no address to connect to. Try --url http://127.0.0.1:8000")


def _named(request: httpx2.Request) -> str:
    return f"{request.method} {request.url.path}"


def _retry_after_s(response: httpx2.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _refusal(request: httpx2.Request, response: httpx2.Response) -> RefusedError:
    try:
        problem = response.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "unknown", "The answer is not one of a Photolog server; is --url right?"
    return RefusedError(
        response.status_code, code, f"{_named(request)}: {response.status_code} {code}. {detail}"
    )


async def _read(response: httpx2.Response, most_bytes: int) -> bytes:
    response.raise_for_status()
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > most_bytes:
            raise DemoError(f"{response.url} has more than {most_bytes} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
