"""The demo's HTTP client: what it repeats, how long it waits, and what it says when it gives up."""

import re
from collections.abc import AsyncIterator, Callable, Sequence

import httpx2
import pytest

from runtime.demo.client import LONGEST_WAIT_S, Client, RefusedError
from runtime.demo.errors import DemoError
from runtime.demo.member import Member
from runtime.demo.people import people

Answer = httpx2.Response | Exception


class Server:
    """Gives its answers one after the other, the last one for ever, and remembers what it was asked."""

    def __init__(self, answers: Sequence[Callable[[], Answer]]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []
        self.waits_s: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, wait_s: float) -> None:
        self.waits_s.append(wait_s)

    def client(self) -> Client:
        return Client("http://server", httpx2.MockTransport(self), self.sleep)


def answer(status: int, body: object = None, **headers: str) -> Callable[[], Answer]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx2.Response(status, json=body, headers=named)


def failure(error: Exception) -> Callable[[], Answer]:
    return lambda: error


PROBLEM = {"code": "username_taken", "detail": "The user name is taken."}


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., tuple[Server, Client]]]:
    clients: list[Client] = []

    def make(*answers: Callable[[], Answer]) -> tuple[Server, Client]:
        server = Server(answers)
        clients.append(server.client())
        return server, clients[-1]

    yield make
    for client in clients:
        await client.close()


Opened = Callable[..., tuple[Server, Client]]


@pytest.mark.parametrize("status", [429, 503])
async def test_it_waits_as_long_as_it_is_told_and_repeats_with_the_same_key(
    opened: Opened, status: int
) -> None:
    server, client = opened(answer(status, Retry_After="7"), answer(201, {"id": "1"}))
    assert (await client.call("POST", "/v1/posts", json={"caption": "x"})).json() == {"id": "1"}
    assert server.waits_s == [7.0]
    first, second = server.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.content == second.content


async def test_two_posts_have_two_keys(opened: Opened) -> None:
    server, client = opened(answer(201, {}))
    await client.call("POST", "/v1/posts", json={})
    await client.call("POST", "/v1/posts", json={})
    assert len({request.headers["Idempotency-Key"] for request in server.requests}) == 2


async def test_a_connection_that_breaks_is_tried_again(opened: Opened) -> None:
    server, client = opened(failure(httpx2.ReadError("broken")), answer(200, {}))
    await client.call("PUT", "/v1/posts/1/like")
    assert len(server.requests) == 2


async def test_it_does_not_try_for_ever(opened: Opened) -> None:
    server, client = opened(answer(503, Retry_After="1"))
    with pytest.raises(
        DemoError, match=re.escape("POST /v1/posts was not answered in 8 tries. Look at the server's log.")
    ):
        await client.call("POST", "/v1/posts", json={})
    assert len(server.requests) == 8


async def test_it_does_not_wait_for_ever(opened: Opened) -> None:
    server, client = opened(answer(429, Retry_After="3540"))
    with pytest.raises(DemoError, match=r"refused for another 59 minutes.*PHOTOLOG_REGISTRATIONS_PER_HOUR"):
        await client.call("POST", "/v1/accounts", json={})
    assert server.waits_s == []
    assert len(server.requests) == 1


async def test_a_refusal_says_what_was_refused_and_why(opened: Opened) -> None:
    _, client = opened(answer(409, PROBLEM))
    with pytest.raises(
        RefusedError, match=re.escape("POST /v1/accounts: 409 username_taken. The user name is taken.")
    ):
        await client.call("POST", "/v1/accounts", json={})


async def test_what_is_no_photolog_server_is_said_to_be_none(opened: Opened) -> None:
    _, client = opened(lambda: httpx2.Response(404, text="<html>"))
    with pytest.raises(RefusedError, match=re.escape("not one of a Photolog server; is --url right?")):
        await client.call("GET", "/healthz")


async def test_nobody_there(opened: Opened) -> None:
    _, client = opened(failure(httpx2.ConnectError("refused")))
    with pytest.raises(
        DemoError, match=re.escape("Nobody answers at http://server. Start the server with `make run`")
    ):
        await client.call("GET", "/healthz")


@pytest.mark.parametrize("url", ["no-url", "http://[::", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
async def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    with pytest.raises(
        DemoError, match=re.escape("is no address to connect to. Try --url http://127.0.0.1:8000")
    ):
        await Client(url).call("GET", "/healthz")


async def test_a_file_is_put_where_it_was_told_without_a_token(opened: Opened) -> None:
    server, client = opened(answer(204))
    await client.upload(
        {"method": "PUT", "url": "/objects/1?x=y", "headers": {"Content-Type": "image/jpeg"}, "fields": None},
        b"photo",
    )
    request = server.requests[0]
    assert (request.method, str(request.url)) == ("PUT", "http://server/objects/1?x=y")
    assert request.headers["Content-Type"] == "image/jpeg"
    assert request.content == b"photo"
    assert "Authorization" not in request.headers


async def test_a_form_is_posted_elsewhere_with_the_file_last(opened: Opened) -> None:
    server, client = opened(answer(204))
    fields = {"key": "originals/1", "policy": "abc"}
    await client.upload(
        {"method": "POST", "url": "https://store/bucket", "headers": {}, "fields": fields}, b"photo"
    )
    request = server.requests[0]
    assert str(request.url) == "https://store/bucket"
    body = request.read()
    assert body.index(b'name="policy"') < body.index(b'name="file"')
    assert b"photo" in body


async def test_a_download_is_bounded(opened: Opened) -> None:
    _, client = opened(lambda: httpx2.Response(200, content=b"x" * 100))
    assert await client.download("/objects/1", 100) == b"x" * 100
    with pytest.raises(DemoError, match=re.escape("more than 99 bytes")):
        await client.download("/objects/1", 99)


async def test_a_pause_is_what_the_answer_asks_for_within_reason(opened: Opened) -> None:
    server, client = opened(answer(200, {}))
    await client.pause(httpx2.Response(200, headers={"Retry-After": "2"}))
    await client.pause(httpx2.Response(200))
    await client.pause(httpx2.Response(200, headers={"Retry-After": "9999"}))
    assert server.waits_s == [2.0, 0.2, LONGEST_WAIT_S]


async def test_a_member_carries_the_position_along(opened: Opened) -> None:
    server, client = opened(answer(200, {}, Photolog_Position="one"), answer(200, {}), answer(200, {}))
    member = Member(client, people(1, 1)[0], "1", "token", None, has_avatar=True)
    for _ in range(3):
        await member.ask("GET", "/v1/feed")
    assert [request.headers.get("Photolog-Position") for request in server.requests] == [None, "one", "one"]


async def test_a_member_whose_token_has_expired_logs_in_again(opened: Opened) -> None:
    expired = answer(401, {"code": "unauthorized", "detail": "A valid access token is needed."})
    server, client = opened(expired, answer(201, {"access_token": "new"}), answer(200, {"liked": True}))
    member = Member(client, people(1, 1)[0], "1", "old", None, has_avatar=True)
    assert (await member.ask("PUT", "/v1/posts/1/like")).json() == {"liked": True}
    assert [request.headers.get("Authorization") for request in server.requests] == [
        "Bearer old",
        None,
        "Bearer new",
    ]


async def test_lists_are_read_to_their_end(opened: Opened) -> None:
    pages = [{"items": [1, 2], "next_cursor": "c"}, {"items": [3], "next_cursor": None}]
    server, client = opened(*(answer(200, page) for page in pages))
    member = Member(client, people(1, 1)[0], "1", "token", None, has_avatar=True)
    assert await member.items("/v1/users/1/posts") == [1, 2, 3]
    assert [request.url.params.get("cursor") for request in server.requests] == [None, "c"]
