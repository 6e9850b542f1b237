"""Registration: a user name and an e-mail address are claimed, then kept, then the account is registered.

Nobody is locked out and nothing is leased: whose claim won is decided by the fold of the log, and this waits until the view
shows it. The user name is kept last and only while the e-mail address stands as kept, so whoever has kept a user name has both;
what is left to do then can be done by anybody (`producers.reactors.registrations`). Doing it all again for the same user,
after an attempt that ended in "unknown", changes nothing that stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Never

from events.accounts import AccountRegistered
from events.envelope import Envelope
from events.ids import made_at_ms
from events.names import NameClaimed, NameKept, NameKind, NameReleased, Registration
from producers.command import Command
from producers.errors import ConflictError, NotCaughtUpError, RejectedError
from producers.journal import Journal
from producers.naming import email_form
from stores.ports.accounts import AccountsReader
from stores.ports.credentials import Credentials, Passwords
from stores.ports.keys import Keys
from stores.ports.log import Positions
from stores.ports.names import Digest, Holder, NamesReader
from stores.ports.progress import Progress

SETTLED_WITHIN_MS = 2_000
Claims = tuple[NameClaimed, NameClaimed]
"""Of the user name and of the e-mail address."""


class UsernameTakenError(ConflictError):
    """The user name is taken."""

    code = "username_taken"


class EmailTakenError(ConflictError):
    """The e-mail address is taken."""

    code = "email_taken"


class OtherPasswordError(RejectedError):
    """The account has another password by now."""

    code = "bad_credentials"


@dataclass(frozen=True, slots=True)
class Registrar:
    """`names` and `accounts` give the live views, anew after every wait."""

    log: Journal
    names: Callable[[], NamesReader]
    accounts: Callable[[], AccountsReader]
    progress: Progress
    keys: Keys
    credentials: Credentials
    passwords: Passwords
    digest: Digest

    async def register(self, me: Command, wanted: Registration, password: str) -> Positions:
        """Registers `me.actor_id`. The user name in `wanted` is in lower case.

        Raises UsernameTakenError or EmailTakenError; NotCaughtUpError and UnavailableError mean "unknown": the same user
        may try again, and what has not been kept by then is given up for them after a while.
        """
        claims = self._claims(me, wanted)
        _refuse_taken(claims, await self._holders(claims))
        await self._prove(me.actor_id, password)
        if await self.accounts().accounts((me.actor_id,)):
            return {}  # this command was given before
        await self._settle(*claims)
        holders = await self._holders(claims)
        if not all(_stands(claim, holders) for claim in claims):
            await self._give_up(me, claims, holders)
        username, email = claims
        await self._keep(me, claims, email, None)
        await self._keep(me, claims, username, wanted)
        return await self.log.append(registered(me, wanted))

    def _claims(self, me: Command, wanted: Registration) -> Claims:
        username = self.digest("username", wanted.username)
        email = self.digest("email", email_form(wanted.email) or wanted.email)
        return (
            NameClaimed(**me.stamp(), digest=username, kind="username", user_id=me.actor_id),
            NameClaimed(**me.stamp(), digest=email, kind="email", user_id=me.actor_id),
        )

    async def _prove(self, user_id: int, password: str) -> None:
        """Somebody who has an account by now must know its password; it is theirs alone to change."""
        stored = await self.credentials.get(user_id)
        if stored is None:
            await self.keys.create(user_id)
            await self.credentials.create(user_id, await self.passwords.hash(password))
        elif not await self.passwords.matches(password, stored):
            raise OtherPasswordError

    async def _keep(
        self, me: Command, claims: Claims, claim: NameClaimed, registration: Registration | None
    ) -> None:
        kept = NameKept(
            **me.stamp(),
            digest=claim.digest,
            kind=claim.kind,
            user_id=claim.user_id,
            claim_id=claim.id,
            registration=registration,
        )
        await self._settle(kept)
        holders = await self._holders(claims)
        holder = holders.get(claim.digest)
        if holder is None or holder.user_id != claim.user_id or not holder.kept:
            await self._give_up(me, claims, holders)

    async def _give_up(self, me: Command, claims: Claims, holders: Mapping[str, Holder]) -> Never:
        """The fold leaves alone what was not won, and a user name that was kept."""
        await self._settle(*(released(me, claim.digest, claim.kind, claim.id) for claim in claims))
        _refuse_taken(claims, holders)
        raise NotCaughtUpError

    async def _settle(self, *events: Envelope) -> None:
        """Append, and wait until the view shows what came of it."""
        positions = await self.log.append(*events)
        if not await self.progress.reached(("names",), positions, SETTLED_WITHIN_MS):
            raise NotCaughtUpError

    async def _holders(self, claims: Claims) -> Mapping[str, Holder]:
        return await self.names().holders([claim.digest for claim in claims])


def registered(me: Command, wanted: Registration) -> AccountRegistered:
    """Says the same whoever appends it and however often: the account is as old as its id."""
    at_creation = replace(me, at_ms=made_at_ms(me.actor_id))
    return AccountRegistered(**at_creation.stamp(), user_id=me.actor_id, **wanted.model_dump())


def released(me: Command, digest: str, kind: NameKind, claim_id: int) -> NameReleased:
    return NameReleased(**me.stamp(), digest=digest, kind=kind, user_id=me.actor_id, claim_id=claim_id)


def _stands(claim: NameClaimed, holders: Mapping[str, Holder]) -> bool:
    holder = holders.get(claim.digest)
    return (
        holder is not None
        and holder.user_id == claim.user_id
        and (holder.claim_id == claim.id or holder.kept)
    )


def _refuse_taken(claims: Claims, holders: Mapping[str, Holder]) -> None:
    for claim, error in zip(claims, (UsernameTakenError, EmailTakenError), strict=True):
        holder = holders.get(claim.digest)
        if holder is not None and holder.user_id != claim.user_id:
            raise error
