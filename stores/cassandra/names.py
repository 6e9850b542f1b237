"""Names in Cassandra: a row per name that anybody has ever claimed, emptied when it is free again.

The lists by time and by user hold digests alone: a name is shown only where its own row says the same.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, assert_never

from events.names import NameKind
from stores.cassandra.folded_rows import FoldedRowsView, IndexRow, index
from stores.cassandra.periods import DAY_MS, walked
from stores.cassandra.questions import of_keys
from stores.cassandra.session import Row
from stores.cassandra.view import only
from stores.ports.names import Holder, NameClaim, NameKeep, NameRelease, NamesChange
from stores.ports.view import Folded

_COLUMNS = "kind, user_id, claim_id, since_ms, kept_topic, kept_partition, kept_offset"
_OF_USER = index("names_of_user", "user_id", "digest")
_BY_TIME = index("names_by_time", "list", "day", "since_ms", "digest")
_CLAIMED = "claimed"
"""The list of names that are not kept; those that are kept are listed by kind."""
_DAY = "INSERT INTO {names_days} (list, day) VALUES (?,?) USING TIMESTAMP ?"
_DAYS = "SELECT day FROM {names_days} WHERE list = ? AND day >= ? AND day <= ?"
_DIGESTS_OF_USERS = "SELECT digest FROM {names_of_user} WHERE user_id IN ?"
_LISTED = """SELECT since_ms, digest FROM {names_by_time} WHERE list = ? AND day IN ?
             AND (since_ms, digest) > (?, ?) AND (since_ms) < (?) PER PARTITION LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Free:
    """Nobody holds the name."""


class CassandraNames(FoldedRowsView[NamesChange, str, Holder | Free]):
    PROJECTION = "names"
    TABLES: ClassVar[Mapping[str, str]] = {
        "names": """(digest text PRIMARY KEY, offset bigint, kind text, user_id bigint, claim_id bigint, since_ms bigint,
                     kept_topic text, kept_partition int, kept_offset bigint)""",
        "names_of_user": "(user_id bigint, digest text, PRIMARY KEY (user_id, digest))",
        "names_by_time": """(list text, day bigint, since_ms bigint, digest text,
                             PRIMARY KEY ((list, day), since_ms, digest)) WITH gc_grace_seconds = 86400""",
        "names_days": "(list text, day bigint, PRIMARY KEY (list, day))",
    }
    """Whoever registers is first listed as claimed, so deletions are many. They need not outlive a long absence of a node: a row
    that comes back is not shown."""
    HELD = (
        (only("name"), "SELECT digest FROM {names}"),
        (only("user"), "SELECT DISTINCT user_id FROM {names_of_user}"),
    )
    READ = f"SELECT digest, offset, {_COLUMNS} FROM {{names}} WHERE digest IN ?"
    PUT = f"INSERT INTO {{names}} (digest, offset, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?) USING TIMESTAMP ?"
    CLEAR = "DELETE FROM {names} USING TIMESTAMP ? WHERE digest = ?"

    def _key(self, change: NamesChange) -> str:
        return change.digest

    def _folded(
        self, said: Holder | Free | None, change: NamesChange, event: Folded[NamesChange]
    ) -> Holder | Free | None:
        holder = said if isinstance(said, Holder) else None
        match change:
            case NameClaim():
                return _claimed(holder, change)
            case NameKeep():
                if holder is None or holder.kept or not _stands(holder, change):
                    return said
                return replace(holder, since_ms=change.at_ms, kept_at=(event.partition, event.offset))
            case NameRelease():
                return said if holder is None or _is_final(holder) or not _stands(holder, change) else Free()
            case _:
                assert_never(change)

    def _parsed(self, key: str, columns: Row) -> Holder | Free:
        kind, user_id, claim_id, since_ms, topic, partition, offset = columns
        if user_id is None:
            return Free()
        kept_at = None if topic is None else ((topic, partition), offset)
        return Holder(key, kind, user_id, claim_id, since_ms, kept_at)

    def _columns(self, said: Holder | Free) -> Iterable[object]:
        if isinstance(said, Free):
            return (None,) * 7
        kept_at = ((None, None), None) if said.kept_at is None else said.kept_at
        return said.kind, said.user_id, said.claim_id, said.since_ms, *kept_at[0], kept_at[1]

    def _indexed(self, key: str, said: Holder | Free) -> Iterable[IndexRow]:
        if isinstance(said, Holder):
            yield _OF_USER, (said.user_id, key)
            yield _BY_TIME, (_list_of(said), said.since_ms // DAY_MS, said.since_ms, key)

    async def _add(self, rows: Mapping[IndexRow, int]) -> None:
        days = {values[:2]: stamp for (table, values), stamp in rows.items() if table is _BY_TIME}
        await self._many(_DAY, [(*day, stamp) for day, stamp in days.items()])
        await super()._add(rows)

    async def holders(self, digests: Collection[str]) -> Mapping[str, Holder]:
        said = await self._said(digests)
        return {digest: holder for digest, holder in said.items() if isinstance(holder, Holder)}

    async def of_users(self, user_ids: Collection[int]) -> Sequence[Holder]:
        rows = await of_keys(self._rows, _DIGESTS_OF_USERS, user_ids)
        holders = await self.holders({digest for (digest,) in rows})
        return [holder for holder in holders.values() if holder.user_id in user_ids]

    async def claimed(self, before_ms: int, limit: int) -> Sequence[Holder]:
        return await self._listed(_CLAIMED, (0, ""), before_ms, limit)

    async def kept(
        self, kind: NameKind, after: tuple[int, str], before_ms: int, limit: int
    ) -> Sequence[Holder]:
        return await self._listed(kind, after, before_ms, limit)

    async def _listed(
        self, name: str, after: tuple[int, str], before_ms: int, limit: int
    ) -> Sequence[Holder]:
        days = await self._rows(_DAYS, name, after[0] // DAY_MS, before_ms // DAY_MS)
        read = partial(self._listed_on, name, after, before_ms, limit)
        rows = await walked([day for (day,) in days], read, limit)
        holders = await self.holders([digest for _, digest in rows])
        found = ((since_ms, holders.get(digest)) for since_ms, digest in rows)
        return [holder for since_ms, holder in found if holder and _is_listed(name, since_ms, holder)]

    async def _listed_on(
        self, name: str, after: tuple[int, str], before_ms: int, limit: int, days: Sequence[int]
    ) -> list[tuple[int, str]]:
        rows = await self._rows(_LISTED, name, list(days), *after, before_ms, limit)
        return sorted((since_ms, digest) for since_ms, digest in rows)


def _claimed(holder: Holder | None, claim: NameClaim) -> Holder:
    if holder is None:
        return Holder(claim.digest, claim.kind, claim.user_id, claim.claim_id, claim.at_ms, None)
    if holder.user_id != claim.user_id or _is_final(holder):
        return holder
    return replace(holder, claim_id=claim.claim_id, since_ms=claim.at_ms)


def _stands(holder: Holder, change: NameKeep | NameRelease) -> bool:
    """Whether the change is about the claim that stands."""
    return (holder.user_id, holder.claim_id) == (change.user_id, change.claim_id)


def _is_final(holder: Holder) -> bool:
    return holder.kept and holder.kind == "username"


def _list_of(holder: Holder) -> str:
    return holder.kind if holder.kept else _CLAIMED


def _is_listed(name: str, since_ms: int, holder: Holder) -> bool:
    return (_list_of(holder), holder.since_ms) == (name, since_ms)
