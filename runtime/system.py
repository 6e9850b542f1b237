"""What every set-up makes of its stores: the services of the API, and the reactors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.first_pages import FirstPages
from api.people import People
from api.seen import Seen
from api.services import Services
from api.tokens import AccessTokens
from events.ids import Clock, Ids
from producers.journal import Journal
from producers.naming import keyed_digest
from producers.reactors.media import media_reactors
from producers.reactors.reactor import Runner
from producers.reactors.registrations import Registrations
from producers.reactors.world import World
from stores.ports.credentials import Credentials, Passwords
from stores.ports.keys import Keys
from stores.ports.log import Log
from stores.ports.objects import Objects
from stores.ports.pictures import Pictures
from stores.ports.progress import Progress
from stores.ports.reactor_positions import ReactorPositions
from stores.ports.sessions import Sessions
from stores.ports.together import Together
from stores.ports.views import Views
from stores.ports.watch import Watching


@dataclass(frozen=True, slots=True)
class Stores:
    """What is not a view. `secret` signs, `names_secret` makes the digests of names and never changes."""

    log: Log
    keys: Keys
    credentials: Credentials
    sessions: Sessions
    reactor_positions: ReactorPositions
    objects: Objects
    secret: bytes
    names_secret: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """How views are found, waited for, and asked."""

    views: Callable[[], Views]
    progress: Progress
    watching: Watching
    together: Together


def make_services(stores: Stores, reading: Reading, passwords: Passwords, ids: Ids, clock: Clock) -> Services:
    journal = Journal(stores.log, stores.keys)
    views = reading.views
    return Services(
        log=journal,
        keys=stores.keys,
        views=views,
        progress=reading.progress,
        ids=ids,
        clock=clock,
        tokens=AccessTokens([stores.secret], clock),
        sessions=stores.sessions,
        credentials=stores.credentials,
        passwords=passwords,
        digest=keyed_digest(stores.names_secret),
        objects=stores.objects,
        people=People(stores.objects, clock, reading.together),
        together=reading.together,
        first_pages=FirstPages(reading.watching, clock),
        seen=Seen(journal, lambda: views().accounts, ids, clock),
    )


def make_runners(
    stores: Stores, reading: Reading, pictures: Pictures, work: Path, ids: Ids, clock: Clock
) -> Sequence[Runner]:
    """`work` is an empty folder for pictures that are being made."""
    journal = Journal(stores.log, stores.keys)
    world = World(journal, stores.log, reading.progress, reading.views, stores.objects, ids, clock)
    return [
        Runner(reactor, stores.log, stores.keys, stores.reactor_positions, clock)
        for reactor in media_reactors(world, pictures, work)
    ]


def make_registrations(stores: Stores, reading: Reading, ids: Ids, clock: Clock) -> Registrations:
    return Registrations(
        log=stores.log,
        journal=Journal(stores.log, stores.keys),
        keys=stores.keys,
        names=lambda: reading.views().names,
        accounts=lambda: reading.views().accounts,
        progress=reading.progress,
        ids=ids,
        clock=clock,
    )
