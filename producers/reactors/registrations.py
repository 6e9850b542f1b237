"""Ends what registrations left unfinished: who has kept a user name gets their account, all others lose what they claimed.

Repeatable, and harmless beside registrations that still run: it gives a running one ten minutes, its releases name the claim
they are about, and an e-mail address, kept or only claimed, is given up only after the view shows that its user has no user
name left. It decides by views that show the whole log: in one that is behind, a claim looks abandoned that was kept long ago.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from events.codec import decode
from events.ids import Clock, Ids
from events.names import NameKept, NameKind
from events.topics import ACCOUNTS, NAMES
from producers.command import Command
from producers.journal import Journal
from producers.registration import registered, released
from stores.ports.accounts import AccountsReader
from stores.ports.keys import Keys
from stores.ports.log import Log
from stores.ports.names import Holder, NamesReader
from stores.ports.progress import Progress

ABANDONED_MS = 10 * 60 * 1000
"""A registration that has not come further for this long is not going on."""
COMPLETED_MS = 60 * 1000
"""An account that is missing for this long after its user name was kept is not being registered by its producer."""
LOOK_BACK_MS = 60 * 60 * 1000
"""Names are looked at again for so long, since an event can reach the log later than its time says."""
PAGE_COUNT = 100
"""Names looked at before requests have their turn."""
_SETTLED_WITHIN_MS = 10_000
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Registrations:
    """`names` and `accounts` give the live views. `complete` runs one at a time; the first one looks at every name."""

    log: Log
    journal: Journal
    keys: Keys
    names: Callable[[], NamesReader]
    accounts: Callable[[], AccountsReader]
    progress: Progress
    ids: Ids
    clock: Clock
    _looked_at_ms: dict[NameKind, int] = field(default_factory=dict)

    async def complete(self) -> None:
        """One round; what it does not get done, the next one does. Raises UnavailableError when a store is away."""
        now_ms = self.clock()
        if not await self._is_current() or not await self._release_claims(now_ms - ABANDONED_MS):
            return
        await self._each_kept("username", now_ms - COMPLETED_MS, self._register)
        await self._each_kept("email", now_ms - ABANDONED_MS, self._release_emails)

    async def _is_current(self) -> bool:
        """Whether the views show everything that is on the log now."""
        ends = await self.log.ends((NAMES, ACCOUNTS))
        return await self.progress.reached(("names", "accounts"), ends, _SETTLED_WITHIN_MS)

    async def _release_claims(self, before_ms: int) -> bool:
        """Whether the view shows what became of every claimed user name of before that time that was not kept.

        Each is released once: one whose name has parked events stays there until an operator lets these be applied.
        User names go first: a claimed address may be kept, and its user's name with it, before its release is on the log.
        """
        looked_at_ids: set[int] = set()
        while claims := [
            claim
            for claim in await self.names().claimed(before_ms, PAGE_COUNT)
            if claim.claim_id not in looked_at_ids
        ]:
            usernames = [claim for claim in claims if claim.kind == "username"]
            if usernames and not await self._release(usernames):
                return False
            await self._release_emails([claim for claim in claims if claim.kind == "email"])
            looked_at_ids.update(claim.claim_id for claim in claims)
        return True

    async def _each_kept(
        self, kind: NameKind, before_ms: int, act: Callable[[Sequence[Holder]], Awaitable[None]]
    ) -> None:
        after = (self._looked_at_ms.get(kind, 0), "")
        while holders := await self.names().kept(kind, after, before_ms, PAGE_COUNT):
            await act(holders)
            await asyncio.sleep(0)
            after = (holders[-1].since_ms, holders[-1].digest)
        self._looked_at_ms[kind] = max(0, before_ms - LOOK_BACK_MS)

    async def _register(self, holders: Sequence[Holder]) -> None:
        """But for those of whom an event is parked: another one would be parked behind it."""
        accounts = self.accounts()
        there = await accounts.accounts([holder.user_id for holder in holders])
        for holder in holders:
            if holder.user_id not in there and not await accounts.is_parked(ACCOUNTS, str(holder.user_id)):
                await self._register_one(holder)

    async def _register_one(self, holder: Holder) -> None:
        kept = await self._kept_event(holder)
        if kept is None or kept.registration is None:
            _log.warning("a registration cannot be read", user_id=holder.user_id)
            return
        me = Command(holder.user_id, self.clock(), kept.correlation_id, self.ids, causation_id=kept.id)
        await self.journal.append(registered(me, kept.registration))

    async def _kept_event(self, holder: Holder) -> NameKept | None:
        if holder.kept_at is None:
            return None
        partition, offset = holder.kept_at
        entries = await self.log.read(partition, offset, 1)
        keys = await self.keys.get((holder.user_id,))
        event = decode(entries[0].record, keys) if entries else None
        return event if isinstance(event, NameKept) else None

    async def _release_emails(self, holders: Sequence[Holder]) -> None:
        user_ids = {holder.user_id for holder in holders}
        named = {h.user_id for h in await self.names().of_users(user_ids) if h.kind == "username"}
        abandoned = [holder for holder in holders if holder.user_id not in named]
        if abandoned:
            await self._release(abandoned)

    async def _release(self, holders: Sequence[Holder]) -> bool:
        """Whether the view shows it."""
        events = [
            released(self._command(holder), holder.digest, holder.kind, holder.claim_id) for holder in holders
        ]
        positions = await self.journal.append(*events)
        _log.info("names released", names_count=len(events))
        return await self.progress.reached(("names",), positions, _SETTLED_WITHIN_MS)

    def _command(self, holder: Holder) -> Command:
        return Command(holder.user_id, self.clock(), self.ids.next(), self.ids, causation_id=holder.claim_id)
