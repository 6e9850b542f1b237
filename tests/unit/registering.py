"""Registrations that can be stopped at every step, over a log in memory and the real names and accounts views.

Nothing here needs an event loop: an attempt is a coroutine that is sent on from gate to gate, so that a test decides who goes
on and who never does.
"""

import inspect
from collections.abc import Collection, Coroutine, Generator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from events.codec import Record
from events.ids import Ids
from events.names import Registration
from producers.command import Command
from producers.journal import Journal
from producers.naming import keyed_digest
from producers.reactors.registrations import Registrations
from producers.registration import Registrar
from projectors.accounts import ACCOUNTS
from projectors.names import NAMES
from projectors.step import Step
from stores.ports.log import Entry, Partition, Positions
from stores.ports.names import Holder
from stores.ports.view import Folded
from stores.sqlite import keys as keys_module
from stores.sqlite.accounts import SqliteAccounts
from stores.sqlite.database import MEMORY, Database
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.names import SqliteNames

PASSWORD = "correct horse"
START_MS = 1_800_000_000_000
MINUTE_MS = 60_000


class Gate:
    """Where a coroutine stops until it is sent on."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class GatedLog:
    """One partition a topic for odd keys and one for even ones; an append stops before and after it happens."""

    def __init__(self) -> None:
        self.entries: dict[Partition, list[Entry]] = {}

    async def append(self, records: Sequence[Record]) -> Positions:
        positions: dict[Partition, int] = {}
        await Gate()
        for record in records:
            partition = record.topic, sum(record.key.encode()) % 2
            entries = self.entries.setdefault(partition, [])
            entries.append(Entry(partition, len(entries), record))
            positions[partition] = len(entries) - 1
        await Gate()
        return positions

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        return self.entries.get(partition, [])[first : first + limit]

    async def ends(self, topics: Collection[str]) -> dict[Partition, int]:
        return {(t, n): len(self.entries.get((t, n), ())) - 1 for t in topics for n in range(2)}


class KeysAtOnce(SqliteKeys):
    """Written in this thread: there is no event loop to wait in."""

    async def create(self, user_id: int) -> None:
        self._create(user_id)


class PlainPasswords:
    """Hashes for tests that are not about hashing."""

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def matches(self, password: str, password_hash: str | None) -> bool:
        return password_hash == f"hash of {password}"

    def is_outdated(self, password_hash: str) -> bool:
        return False


class PlainCredentials:
    def __init__(self) -> None:
        self.hashes: dict[int, str] = {}

    async def create(self, user_id: int, password_hash: str) -> None:
        self.hashes.setdefault(user_id, password_hash)

    async def get(self, user_id: int) -> str | None:
        return self.hashes.get(user_id)

    async def replace(self, user_id: int, known_hash: str, password_hash: str) -> bool:
        is_known = self.hashes.get(user_id) == known_hash
        if is_known:
            self.hashes[user_id] = password_hash
        return is_known


class Attempt:
    """A registration, or a round of the reactor, that goes on when it is told to."""

    def __init__(self, running: Coroutine[Any, Any, object]) -> None:
        self._running = running
        self.error: Exception | None = None

    @property
    def is_over(self) -> bool:
        return inspect.getcoroutinestate(self._running) == inspect.CORO_CLOSED

    @property
    def succeeded(self) -> bool:
        return self.is_over and self.error is None

    def step(self) -> None:
        try:
            self._running.send(None)
        except StopIteration:
            pass
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def finish(self) -> "Attempt":
        while not self.is_over:
            self.step()
        return self

    def kill(self) -> None:
        if not self.is_over:
            self._running.close()
            self.error = GeneratorExit("killed")  # type: ignore[assignment]


class Town:
    """Everything a registration needs. `caught_up` is what waiting for a view says."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.caught_up = True
        self.ids = Ids(1, lambda: self.now_ms)
        self.log = GatedLog()
        self.keys = KeysAtOnce(Database(MEMORY, keys_module.SCHEMA, "NORMAL"))
        self.journal = Journal(self.log, self.keys)
        self._open_views()
        self.credentials = PlainCredentials()
        self.digest = keyed_digest(b"the key of the tests")
        self.registrar = Registrar(
            log=self.journal,
            names=lambda: self.names,
            accounts=lambda: self.accounts,
            progress=self,
            keys=self.keys,
            credentials=self.credentials,
            passwords=PlainPasswords(),
            digest=self.digest,
        )
        self.registrations = Registrations(
            log=self.log,
            journal=self.journal,
            keys=self.keys,
            names=lambda: self.names,
            accounts=lambda: self.accounts,
            progress=self,
            ids=self.ids,
            clock=lambda: self.now_ms,
        )

    def _open_views(self) -> None:
        self.names, self.accounts = SqliteNames(MEMORY), SqliteAccounts(MEMORY)
        self._steps = (
            Step(NAMES, self.names, self.log, self.keys),
            Step(ACCOUNTS, self.accounts, self.log, self.keys),
        )

    async def reached(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
        """As the port says; the views have always come as far as the log."""
        for step in self._steps:
            while await step.catch_up():
                pass
        return self.caught_up

    def attempt(self, user_id: int, username: str, email: str, password: str = PASSWORD) -> Attempt:
        me = Command(user_id, self.now_ms, self.ids.next(), self.ids)
        return Attempt(self.registrar.register(me, Registration(username=username, email=email), password))

    def round(self) -> Attempt:
        return Attempt(self.registrations.complete())

    def settle(self) -> None:
        """Everybody who was registering is dead, and the reactor has had its time."""
        for _ in range(2):
            self.now_ms += 60 * MINUTE_MS
            assert self.round().finish().succeeded
            self.catch_up()

    def catch_up(self) -> None:
        Attempt(self.reached((), {}, 0)).finish()

    def lose_views(self, shown_types: Collection[str]) -> None:
        """They are filled again, and show no more of each partition yet than its first events of these types."""
        self.close()
        self._open_views()
        for (topic, _), entries in self.log.entries.items():
            shown = list(takewhile(lambda entry: entry.record.type in shown_types, entries))
            for step in self._steps:
                if topic in step.projection.topics:
                    now(step.apply(shown))

    def park(self, key: str) -> None:
        """The name's latest event cannot be applied, whatever it is."""
        self.catch_up()
        partition, entry = next(
            (at, e) for at, entries in self.log.entries.items() for e in entries if e.record.key == key
        )
        offset, event_id = len(self.log.entries[partition]), self.ids.next()
        self.log.entries[partition].append(Entry(partition, offset, replace(entry.record, id=event_id)))
        now(self.names.apply([Folded(partition, offset, event_id, key, parked="cannot be applied")]))

    def holder(self, kind: str, name: str) -> Holder | None:
        digest = self.digest("username" if kind == "username" else "email", name)
        found: Holder | None = now(self.names.holders([digest])).get(digest)
        return found

    def registered(self) -> dict[int, str]:
        """The user names of all accounts."""
        self.catch_up()
        users = {entry.record.subject_id for entries in self.log.entries.values() for entry in entries}
        return {user: account.username for user, account in now(self.accounts.accounts(users)).items()}

    def types(self, topic: str) -> list[str]:
        """The types of the events on a topic, in the order of their ids."""
        records = [e.record for (t, _), entries in self.log.entries.items() if t == topic for e in entries]
        return [record.type for record in sorted(records, key=lambda record: record.id)]

    def close(self) -> None:
        self.names.close()
        self.accounts.close()


def now(running: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        running.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")
