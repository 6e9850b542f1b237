"""The names projection."""

from typing import assert_never

from events.names import NameClaimed, NameKept, NameReleased
from projectors.projection import Projection
from stores.ports.names import NameClaim, NameKeep, NameRelease, NamesChange


def project(event: NameClaimed | NameKept | NameReleased) -> list[NamesChange]:
    match event:
        case NameClaimed():
            return [NameClaim(event.digest, event.kind, event.user_id, event.id, event.occurred_at_ms)]
        case NameKept():
            return [NameKeep(event.digest, event.kind, event.user_id, event.claim_id, event.occurred_at_ms)]
        case NameReleased():
            return [NameRelease(event.digest, event.kind, event.user_id, event.claim_id)]
        case _:
            assert_never(event)


NAMES = Projection("names", version=1, events=(NameClaimed, NameKept, NameReleased), project=project)
