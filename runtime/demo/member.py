"""Somebody of the demo with an account: entering, asking, reading lists."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx2

from runtime.demo.client import Client, RefusedError
from runtime.demo.errors import DemoError
from runtime.demo.people import PASSWORD, Person

_PAGE_COUNT = 100


@dataclass(slots=True)
class Member:
    """One request at a time, as people do, so that each has one position to carry along."""

    client: Client
    person: Person
    id: str
    token: str
    position: str | None
    has_avatar: bool
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self, method: str, path: str, json: object = None) -> httpx2.Response:
        async with self.turn:
            try:
                response = await self._call(method, path, json)
            except RefusedError as refused:
                if refused.status != 401:
                    raise
                await self._renew()
                response = await self._call(method, path, json)
            self.position = _position(response) or self.position
        return response

    async def items(self, path: str) -> list[Any]:
        """The whole list."""
        items: list[Any] = []
        rest = ""
        while True:
            page = (await self.ask("GET", f"{path}?limit={_PAGE_COUNT}{rest}")).json()
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            rest = f"&cursor={page['next_cursor']}"

    async def _call(self, method: str, path: str, json: object) -> httpx2.Response:
        return await self.client.call(method, path, token=self.token, position=self.position, json=json)

    async def _renew(self) -> None:
        """Access tokens last for minutes, a large demo longer."""
        response = await self.client.call("POST", "/v1/sessions", json=_credentials(self.person))
        self.token = response.json()["access_token"]


def _credentials(person: Person) -> dict[str, str]:
    return {"login": person.username, "password": PASSWORD}


def _registration(person: Person) -> dict[str, str]:
    return {
        "username": person.username,
        "email": person.email,
        "password": PASSWORD,
        "display_name": person.display_name,
        "location": person.location,
    }


async def enter(client: Client, person: Person) -> Member:
    """With the account they have, or with a new one."""
    if await _is_registered(client, person):
        path, body = "/v1/sessions", _credentials(person)
    else:
        path, body = "/v1/accounts", _registration(person)
    try:
        response = await client.call("POST", path, json=body)
    except RefusedError as refused:
        if refused.code in ("bad_credentials", "username_taken", "email_taken"):
            message = (
                f"{person.username} is somebody else on this server. Take other people with another --seed."
            )
            raise DemoError(message) from refused
        raise
    token = response.json()["access_token"]
    user = (await client.call("GET", "/v1/me", token=token, position=_position(response))).json()
    return Member(client, person, user["id"], token, _position(response), user["avatar"] is not None)


def _position(response: httpx2.Response) -> str | None:
    position: str | None = response.headers.get("Photolog-Position")
    return position


async def _is_registered(client: Client, person: Person) -> bool:
    try:
        await client.call("GET", f"/v1/users/by-username/{person.username}")
    except RefusedError as refused:
        if refused.status == 404:
            return False
        raise
    return True
