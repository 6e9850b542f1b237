"""The contract of passwords on argon2, and what only this adapter promises."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from stores.argon2.passwords import Argon2Passwords, Cost
from stores.ports.errors import StoreError, UnavailableError
from tests.contract.credentials import PasswordsContract

CHEAP = Cost(memory_kib=8, passes=1, lanes=1)


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    with closing(Argon2Passwords(CHEAP, running_limit=1, waiting_limit=1)) as opened:
        yield opened


class TestArgon2Passwords(PasswordsContract):
    async def test_a_hash_of_another_cost_matches_and_is_outdated(self, passwords: Argon2Passwords) -> None:
        with closing(Argon2Passwords(Cost(memory_kib=16, passes=1, lanes=1))) as costlier:
            hashed = await costlier.hash("correct horse")
        assert await passwords.matches("correct horse", hashed)
        assert passwords.is_outdated(hashed)

    async def test_a_hash_that_is_none_is_no_wrong_password(self, passwords: Argon2Passwords) -> None:
        with pytest.raises(StoreError):
            await passwords.matches("correct horse", "$argon2id$nonsense")

    async def test_nobody_costs_what_somebody_costs(
        self, passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        verified: list[str] = []
        verify = passwords._hasher.verify

        class Spy:
            def verify(self, password_hash: str, password: str) -> bool:
                verified.append(password_hash)
                return verify(password_hash, password)

        hashed = await passwords.hash("correct horse")
        monkeypatch.setattr(passwords, "_hasher", Spy())
        await passwords.matches("wrong", None)
        await passwords.matches("wrong", hashed)
        nobody, somebody = (one.split("$") for one in verified)
        assert nobody[1:4] == somebody[1:4]
        assert [len(part) for part in nobody] == [len(part) for part in somebody]

    async def test_who_would_wait_too_long_is_sent_away(self, passwords: Argon2Passwords) -> None:
        blocked = threading.Event()
        running = passwords._pool.submit(blocked.wait)
        waiting = [asyncio.create_task(passwords.hash("correct horse")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError):
            await passwords.hash("one too many")
        waiting[0].cancel()
        blocked.set()
        await asyncio.wait(waiting)
        assert waiting[0].cancelled()
        assert waiting[1].result().startswith("$argon2id$")
        assert running.result()
        assert await passwords.hash("there is room again")
