"""The fold of the names projection."""

from datetime import UTC, datetime

from events.envelope import Envelope
from events.names import NameClaimed, NameKept, NameReleased, Registration
from projectors.names import NAMES, project
from stores.ports.names import NameClaim, NameKeep, NameRelease

AT_MS = 1_795_000_000_123
STAMP = {
    "id": 5,
    "occurred_at": datetime.fromtimestamp(AT_MS / 1000, UTC),
    "actor_id": 7,
    "correlation_id": 1,
}
NAME = {"digest": "a" * 64, "kind": "username", "user_id": 7}


def event(kind: type[Envelope], **fields: object) -> Envelope:
    return kind.model_validate({**STAMP, **NAME, **fields})


def test_a_claim_is_known_by_its_event() -> None:
    assert project(event(NameClaimed)) == [NameClaim("a" * 64, "username", 7, 5, AT_MS)]  # type: ignore[arg-type]


def test_what_follows_names_the_claim() -> None:
    kept = event(NameKept, claim_id=3, registration=Registration(username="ada", email="a@b"))
    assert project(kept) == [NameKeep("a" * 64, "username", 7, 3, AT_MS)]  # type: ignore[arg-type]
    released = event(NameReleased, claim_id=3)
    assert project(released) == [NameRelease("a" * 64, "username", 7, 3)]  # type: ignore[arg-type]


def test_it_reads_names_alone() -> None:
    assert NAMES.topics == ("photolog.names",)
