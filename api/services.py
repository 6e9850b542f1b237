"""What handlers work with, given to each of them by the composition root. Holds; decides nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field

from api.calls import Call
from api.first_pages import FirstPages
from api.people import People
from api.post_json import PostPieces
from api.seen import Seen
from api.tokens import AccessTokens
from events.ids import Clock, Ids
from producers.command import Command
from producers.journal import Journal
from stores.ports.credentials import Credentials, Passwords
from stores.ports.keys import Keys
from stores.ports.names import Digest
from stores.ports.objects import Objects
from stores.ports.progress import Progress
from stores.ports.sessions import Sessions
from stores.ports.together import Together, in_turn
from stores.ports.views import Views


@dataclass(frozen=True, slots=True)
class Services:
    """`views` gives the live views. What reads calls it once per request; a command again after each wait, since a switch may come
    between.
    """

    log: Journal
    keys: Keys
    views: Callable[[], Views]
    progress: Progress
    ids: Ids
    clock: Clock
    tokens: AccessTokens
    sessions: Sessions
    credentials: Credentials
    passwords: Passwords
    digest: Digest
    objects: Objects
    people: People
    seen: Seen
    first_pages: FirstPages
    post_pieces: PostPieces = field(default_factory=PostPieces)
    together: Together = in_turn

    def command(self, call: Call) -> Command:
        """The command that a signed-in caller gives with this request."""
        return Command(call.me, self.clock(), call.request_id, self.ids, call.slot)
