"""Signing in and staying signed in. Nothing of this is on the log: passwords and sessions are kept beside it.

How tokens look is not known here; only the hash of one is handed in.
"""

from dataclasses import dataclass

from producers.errors import NotFoundError, RejectedError
from producers.naming import email_form, username_form
from stores.ports.credentials import Credentials, Passwords
from stores.ports.names import Digest, NamesReader
from stores.ports.sessions import Session, Sessions


class BadCredentialsError(RejectedError):
    """Login or password is wrong."""

    code = "bad_credentials"


class BadRefreshTokenError(RejectedError):
    """The refresh token is not valid."""

    code = "bad_refresh_token"


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    names: NamesReader
    credentials: Credentials
    passwords: Passwords
    digest: Digest

    async def identify(self, login: str, password: str) -> int:
        """The user with this user name or e-mail address and this password; raises BadCredentialsError.

        The same is done, for as long, whether or not there is such a user.
        """
        holder = (await self.names.holders((self._digest(login),))).values()
        user_id = next((holder.user_id for holder in holder if holder.kept), 0)
        stored = await self.proved(user_id, password)
        if self.passwords.is_outdated(stored):
            renewed = await self.passwords.hash(password)
            if not await self.credentials.replace(user_id, stored, renewed):
                # Another log-in was faster, or the password is another by now.
                await self.proved(user_id, password)
        return user_id

    async def replace(self, user_id: int, stored: str, new: str) -> None:
        """`stored` was proved. Raises BadCredentialsError when the password was changed since."""
        if not await self.credentials.replace(user_id, stored, await self.passwords.hash(new)):
            raise BadCredentialsError

    async def proved(self, user_id: int, password: str) -> str:
        """The stored hash of this password; raises BadCredentialsError. Checking takes long: a password that was changed meanwhile
        is wrong.
        """
        stored = await self.credentials.get(user_id)
        is_right = await self.passwords.matches(password, stored)
        if stored is None or not is_right or await self.credentials.get(user_id) != stored:
            raise BadCredentialsError
        return stored

    def _digest(self, login: str) -> str:
        """Of the only name that the text can be; of a name that nobody has for other texts."""
        if "@" in login:
            return self.digest("email", email_form(login) or "")
        return self.digest("username", username_form(login) or "")


async def refresh(sessions: Sessions, presented: bytes | None, fresh: bytes, now_ms: int) -> Session:
    """Hashes of the token that was presented, None if it cannot be one, and of the one to replace it."""
    session = None if presented is None else await sessions.refresh(presented, fresh, now_ms)
    if session is None:
        raise BadRefreshTokenError
    return session


async def end(sessions: Sessions, user_id: int, session_id: int) -> None:
    if not await sessions.end(user_id, session_id):
        raise NotFoundError
