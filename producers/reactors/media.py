"""The reactors on media, each with what it needs."""

from pathlib import Path
from typing import Final

from producers.reactors.processing import Processing
from producers.reactors.reactor import Reactor
from producers.reactors.rekeying import Rekeying
from producers.reactors.sweeping import Expiring, Tidying
from producers.reactors.world import World
from stores.ports.pictures import Pictures

MEDIA_REACTORS: Final = (Processing, Rekeying, Tidying, Expiring)


def media_reactors(world: World, pictures: Pictures, work: Path) -> tuple[Reactor, ...]:
    """`work` is an empty folder for pictures that are being made."""
    return Processing(world, pictures, work), Rekeying(world), Tidying(world), Expiring(world)
