"""Names: each by who holds it, a user by the names they hold, and the list of those that are claimed and not kept."""

from collections.abc import Collection, Iterable, Sequence

from events.codec import Record
from events.ids import MAX_ID
from events.names import NameEvent
from replay.oracle.names import Held, names
from replay.subjects.subject import Entity, Fact, Member, Piece, Place, Subject, Told, Value, mentions
from stores.ports.names import Holder, NamesReader

_CLAIMED: Entity = ("list", "claimed")
_CLAIMED_LIMIT = 10_000
"""The oldest. More are claimed at a time only when nobody completes or releases them."""


class NamesSubject(Subject):
    def facts(self, told: Told) -> Iterable[Fact]:
        found = names(told.events)
        for digest, user_id, kind in {
            (e.digest, e.user_id, e.kind) for e in told.events if isinstance(e, NameEvent)
        }:
            holder = found.get(digest)
            is_theirs = holder is not None and holder.user_id == user_id
            yield ("user", user_id), [digest, is_theirs]
            if holder is None:
                yield ("name", digest), [digest, None]
            elif is_theirs:
                yield ("name", digest), [digest, _said(kind, holder, told)]
                if holder.kept_by is None:
                    yield _CLAIMED, [holder.since_ms, digest]

    def value(self, entity: Entity, pieces: Sequence[Piece]) -> Value:
        match entity[0]:
            case "name":
                said = next((said for _, said in pieces if said), None)
                is_kept = said is not None and said["kept_at"] is not None
                return {"holder": said, "listed": is_kept}
            case "user":
                return {"names": sorted(digest for digest, is_theirs in pieces if is_theirs)}
            case _:
                oldest = sorted(pieces)[:_CLAIMED_LIMIT]
                return {"names": sorted(digest for _, digest in oldest), "since_ms": [at for at, _ in oldest]}

    async def read(
        self, view: NamesReader, entity: Entity, pieces: Sequence[Piece], held: Iterable[Member]
    ) -> Value:
        key = entity[1]
        if entity[0] == "name":
            return await _read_name(view, str(key))
        if entity[0] == "user":
            return {"names": sorted(holder.digest for holder in await view.of_users([int(key)]))}
        claimed = await view.claimed(MAX_ID, _CLAIMED_LIMIT)
        digests = sorted(holder.digest for holder in claimed)
        return {"names": digests, "since_ms": [holder.since_ms for holder in claimed]}

    def made(self, entity: Entity, members: Collection[str], record: Record) -> bool:
        wanted = [str(entity[1])] if entity[0] == "name" else members
        return not wanted or any(mentions(record, digest) for digest in wanted)


async def _read_name(view: NamesReader, digest: str) -> Value:
    """One that is kept is looked for in the list of those by time, right above where it must stand."""
    holder = (await view.holders([digest])).get(digest)
    if holder is None:
        return {"holder": None, "listed": False}
    above = (holder.since_ms, digest[:-1])
    listed = await view.kept(holder.kind, above, holder.since_ms + 1, 1)
    return {"holder": _of_view(holder), "listed": [each.digest for each in listed] == [digest]}


def _said(kind: str, holder: Held, told: Told) -> dict[str, object]:
    place = None if holder.kept_by is None else told.places[holder.kept_by]
    return _holder(kind, holder.user_id, holder.claim_id, holder.since_ms, place)


def _of_view(holder: Holder) -> dict[str, object]:
    place = None if holder.kept_at is None else (*holder.kept_at[0], holder.kept_at[1])
    return _holder(holder.kind, holder.user_id, holder.claim_id, holder.since_ms, place)


def _holder(kind: str, user_id: int, claim_id: int, since_ms: int, place: Place | None) -> dict[str, object]:
    said = {"kind": kind, "user_id": user_id, "claim_id": claim_id, "since_ms": since_ms}
    return said | {"kept_at": None if place is None else list(place)}
