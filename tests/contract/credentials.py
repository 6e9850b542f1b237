"""The contracts of `stores.ports.credentials`, for every adapter.

A test file gives the fixtures `credentials` or `passwords`; the latter makes cheap hashes.
"""

import asyncio

from stores.ports.credentials import Credentials, Passwords

ADA, BOB = 7, 8


class CredentialsContract:
    async def test_nobody_has_a_password(self, credentials: Credentials) -> None:
        assert await credentials.get(ADA) is None

    async def test_the_first_one_stays(self, credentials: Credentials) -> None:
        await credentials.create(ADA, "one")
        await credentials.create(ADA, "two")
        await credentials.create(BOB, "three")
        assert [await credentials.get(user_id) for user_id in (ADA, BOB)] == ["one", "three"]

    async def test_of_two_at_once_one_stays(self, credentials: Credentials) -> None:
        await asyncio.gather(*(credentials.create(ADA, str(number)) for number in range(5)))
        first = await credentials.get(ADA)
        await credentials.create(ADA, "late")
        assert await credentials.get(ADA) == first

    async def test_it_is_replaced(self, credentials: Credentials) -> None:
        await credentials.create(ADA, "one")
        assert await credentials.replace(ADA, "one", "two")
        assert not await credentials.replace(BOB, "one", "three")
        assert [await credentials.get(user_id) for user_id in (ADA, BOB)] == ["two", None]

    async def test_it_is_replaced_only_while_it_is_the_known_one(self, credentials: Credentials) -> None:
        await credentials.create(ADA, "one")
        replaced = await asyncio.gather(
            *(credentials.replace(ADA, "one", str(number)) for number in range(5))
        )
        assert replaced.count(True) == 1
        assert await credentials.get(ADA) == str(replaced.index(True))


class PasswordsContract:
    async def test_a_password_matches_its_hash(self, passwords: Passwords) -> None:
        hashed = await passwords.hash("päss wörd 🔑")
        assert "päss" not in hashed
        assert await passwords.matches("päss wörd 🔑", hashed)
        assert not await passwords.matches("päss wörd", hashed)

    async def test_hashes_are_salted(self, passwords: Passwords) -> None:
        assert await passwords.hash("correct horse") != await passwords.hash("correct horse")

    async def test_nobody_s_password_is_matched_by_nothing(self, passwords: Passwords) -> None:
        assert not await passwords.matches("", None)
        assert not await passwords.matches("correct horse", None)

    async def test_a_new_hash_is_not_outdated(self, passwords: Passwords) -> None:
        assert not passwords.is_outdated(await passwords.hash("correct horse"))
