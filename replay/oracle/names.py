"""Who must hold which name, told from the plain list of events.

Shares no code with the folds or the stores. `events` is in the order of the log for events of one name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from events.envelope import Envelope
from events.names import NameClaimed, NameEvent, NameKept, NameReleased
from replay.oracle.grouping import grouped


@dataclass(frozen=True)
class Held:
    """`kept_by` is the id of the event that kept the name."""

    user_id: int
    claim_id: int
    since_ms: int
    kept_by: int | None


def names(events: Sequence[Envelope]) -> dict[str, Held]:
    found = {digest: _holder(mine) for digest, mine in grouped(events, NameEvent, "digest").items()}
    return {digest: held for digest, held in found.items() if held is not None}


def _holder(events: Sequence[NameEvent]) -> Held | None:
    held: Held | None = None
    for event in events:
        if isinstance(event, NameClaimed):
            held = _after_claim(held, event)
        elif held is None or held.user_id != event.user_id:
            continue
        elif isinstance(event, NameKept) and event.claim_id == held.claim_id and held.kept_by is None:
            held = Held(held.user_id, held.claim_id, event.occurred_at_ms, event.id)
        elif isinstance(event, NameReleased) and event.claim_id == held.claim_id:
            final = event.kind == "username" and held.kept_by is not None
            held = held if final else None
    return held


def _after_claim(held: Held | None, claim: NameClaimed) -> Held:
    if held is None:
        return Held(claim.user_id, claim.id, claim.occurred_at_ms, None)
    if held.user_id != claim.user_id or (claim.kind == "username" and held.kept_by is not None):
        return held
    return Held(held.user_id, claim.id, claim.occurred_at_ms, held.kept_by)
