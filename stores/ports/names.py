"""Who holds a user name or an e-mail address, known by its digest.

The first claim that is not released wins; of a claim's `kept` and `released` the first stands. Both name the claim they
are about, so that one which comes late touches no later claim of the same user. A user name is never released after it
was kept; an e-mail address may be.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from events.names import NameKind
from stores.ports.log import Partition


@dataclass(frozen=True, slots=True)
class NameClaim:
    """The user wants the name. Changes nothing while somebody else holds it, or the user has kept it as a user name.

    For the user who holds it already this becomes the claim that stands; an e-mail address that was kept stays kept.
    """

    digest: str
    kind: NameKind
    user_id: int
    claim_id: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class NameKeep:
    """The claim becomes final, if it is the one that stands and was not kept before.

    The view remembers where the event is on the log.
    """

    digest: str
    kind: NameKind
    user_id: int
    claim_id: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class NameRelease:
    """The claim is given up, if it is the one that stands and the user's to give up."""

    digest: str
    kind: NameKind
    user_id: int
    claim_id: int


NamesChange = NameClaim | NameKeep | NameRelease


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a name. `since_ms` is when it was claimed, kept or claimed again, the latest; since 1970 UTC.

    `claim_id` is the id of the event that claimed it; `kept_at` where the event that kept it stands on the log, None
    as long as none does.
    """

    digest: str
    kind: NameKind
    user_id: int
    claim_id: int
    since_ms: int
    kept_at: tuple[Partition, int] | None

    @property
    def kept(self) -> bool:
        return self.kept_at is not None


class NamesReader(Protocol):
    async def holders(self, digests: Collection[str]) -> Mapping[str, Holder]:
        """Who holds each of the names; free ones are absent."""

    async def of_users(self, user_ids: Collection[int]) -> Sequence[Holder]:
        """Every name that these users hold."""

    async def claimed(self, before_ms: int, limit: int) -> Sequence[Holder]:
        """Names claimed before that time and not kept, the oldest first."""

    async def kept(
        self, kind: NameKind, after: tuple[int, str], before_ms: int, limit: int
    ) -> Sequence[Holder]:
        """Names that were kept, by (`since_ms`, digest): above `after`, and since before that time."""


Digest = Callable[[NameKind, str], str]
"""The keyed digest under which a name is known, 64 hex digits. The name is normalised before; the key never changes."""
