"""Signing in: by which names, and that wrong ones cost the same."""

from collections.abc import Callable

import pytest

from producers.errors import NotFoundError
from producers.sessions import BadCredentialsError, BadRefreshTokenError, Doorkeeper, end, refresh
from stores.ports.names import Holder
from tests.unit.registering import PlainCredentials, PlainPasswords

ADA = 7


def digest(kind: str, name: str) -> str:
    return f"{kind}:{name}"


class Names:
    """Ada has a user name and an address; a claim for another name has not been kept."""

    def __init__(self) -> None:
        self.held = {
            "username:ada": Holder("", "username", ADA, 1, 1, (("t", 0), 1)),
            "email:ada@example.org": Holder("", "email", ADA, 2, 1, (("t", 0), 2)),
            "username:lovelace": Holder("", "username", ADA, 3, 1, None),
        }

    async def holders(self, digests: list[str]) -> dict[str, Holder]:
        return {name: self.held[name] for name in digests if name in self.held}


class CountingPasswords(PlainPasswords):
    def __init__(self) -> None:
        self.outdated = False
        self.checked: list[str | None] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.while_hashing: Callable[[], None] = lambda: None
        self.right: dict[str, str] = {}

    async def matches(self, password: str, password_hash: str | None) -> bool:
        self.checked.append(password_hash)
        self.meanwhile()
        is_right = await super().matches(password, password_hash)
        return is_right or (password_hash is not None and self.right.get(password_hash) == password)

    async def hash(self, password: str) -> str:
        self.while_hashing()
        return await super().hash(password)

    def is_outdated(self, password_hash: str) -> bool:
        return self.outdated


@pytest.fixture
def passwords() -> CountingPasswords:
    return CountingPasswords()


@pytest.fixture
async def credentials() -> PlainCredentials:
    made = PlainCredentials()
    await made.create(ADA, "hash of secret word")
    return made


@pytest.fixture
def door(passwords: CountingPasswords, credentials: PlainCredentials) -> Doorkeeper:
    return Doorkeeper(Names(), credentials, passwords, digest)  # type: ignore[arg-type]


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org", "Ada@EXAMPLE.org"])
async def test_by_name_or_address(door: Doorkeeper, login: str) -> None:
    assert await door.identify(login, "secret word") == ADA


@pytest.mark.parametrize(
    "login", ["bob", "ada@example.com", "lovelace", "@", "no name at all", "ada@@", "\ud800"]
)
async def test_who_is_not_there_is_checked_all_the_same(
    door: Doorkeeper, passwords: CountingPasswords, login: str
) -> None:
    with pytest.raises(BadCredentialsError) as unknown:
        await door.identify(login, "secret word")
    with pytest.raises(BadCredentialsError) as wrong:
        await door.identify("ada", "another word")
    assert passwords.checked == [None, "hash of secret word"]
    assert str(unknown.value) == str(wrong.value)


async def test_an_outdated_hash_is_renewed_by_who_knows_the_password(
    door: Doorkeeper, passwords: CountingPasswords, credentials: PlainCredentials
) -> None:
    credentials.hashes[ADA] = "hash of secret word"
    passwords.outdated = True
    renewed: list[str] = []

    async def replace(user_id: int, known_hash: str, password_hash: str) -> bool:
        renewed.append(password_hash)
        return True

    credentials.replace = replace  # type: ignore[method-assign]
    with pytest.raises(BadCredentialsError):
        await door.identify("ada", "another word")
    assert renewed == []
    await door.identify("ada", "secret word")
    assert renewed == ["hash of secret word"]


async def test_a_password_is_changed_by_who_knows_it(door: Doorkeeper) -> None:
    with pytest.raises(BadCredentialsError):
        await door.proved(ADA, "another word")
    await door.replace(ADA, await door.proved(ADA, "secret word"), "new word")
    assert await door.identify("ada", "new word") == ADA
    with pytest.raises(BadCredentialsError):
        await door.identify("ada", "secret word")


async def test_a_password_that_is_changed_while_it_is_checked_is_wrong(
    door: Doorkeeper, passwords: CountingPasswords, credentials: PlainCredentials
) -> None:
    """Neither a session nor its old hash, made with newer parameters, comes of it."""
    passwords.outdated = True
    passwords.meanwhile = lambda: credentials.hashes.update({ADA: "hash of new word"})
    for attempt in (door.identify("ada", "secret word"), door.proved(ADA, "secret word")):
        credentials.hashes[ADA] = "hash of secret word"
        with pytest.raises(BadCredentialsError):
            await attempt
        assert credentials.hashes[ADA] == "hash of new word"


async def test_a_password_that_is_changed_while_a_new_one_is_hashed_is_wrong(
    door: Doorkeeper, passwords: CountingPasswords, credentials: PlainCredentials
) -> None:
    """For a login that renews an outdated hash, and for another change."""
    passwords.outdated = True
    passwords.while_hashing = lambda: credentials.hashes.update({ADA: "hash of new word"})
    with pytest.raises(BadCredentialsError):
        await door.identify("ada", "secret word")
    credentials.hashes[ADA] = "hash of secret word"
    with pytest.raises(BadCredentialsError):
        await door.replace(ADA, "hash of secret word", "a word")
    assert credentials.hashes[ADA] == "hash of new word"


async def test_of_two_logins_that_renew_a_hash_both_are_right(
    door: Doorkeeper, passwords: CountingPasswords, credentials: PlainCredentials
) -> None:
    credentials.hashes[ADA] = "old hash"
    passwords.outdated = True
    passwords.right["old hash"] = "secret word"
    passwords.while_hashing = lambda: credentials.hashes.update({ADA: "hash of secret word"})
    assert await door.identify("ada", "secret word") == ADA


class NoSessions:
    async def refresh(self, presented: bytes, fresh: bytes, now_ms: int) -> None:
        return None

    async def end(self, user_id: int, session_id: int) -> bool:
        return False


@pytest.mark.parametrize("presented", [None, b"x" * 32])
async def test_a_refresh_token_that_is_none(presented: bytes | None) -> None:
    with pytest.raises(BadRefreshTokenError):
        await refresh(NoSessions(), presented, b"y" * 32, 0)  # type: ignore[arg-type]


async def test_a_session_that_is_not_one_s_own() -> None:
    with pytest.raises(NotFoundError):
        await end(NoSessions(), ADA, 5)  # type: ignore[arg-type]
