"""From which views a feed is shown: those that are live, or those with the feeds of another generation."""

from contextlib import ExitStack
from dataclasses import replace

from runtime.beside import Beside
from runtime.errors import CommandError
from runtime.scratch import NUMBER, Scratch
from runtime.settings import read_settings
from stores.ports.views import Views


async def views_of(system: Beside, number: int | None, opened: ExitStack) -> Views:
    """None: what is live. A scratch generation has the timelines and the graph of its own moment, any other those of now.

    To be read until `opened` is closed. Raises CommandError when there is no such generation.
    """
    live = await system.views()
    if number is None:
        return live
    if number == NUMBER:
        kept = Scratch(system, read_settings()).views("feeds", opened)
        if kept is None:
            raise CommandError(
                "no moment is kept; see `photolog replay feeds --as-of` in `photolog replay run --help`"
            )
        return replace(live, **kept)
    for generation in await system.generations("feeds"):
        if generation.number == number:
            return replace(live, feeds=system.view(generation))
    raise CommandError(f"feeds has no generation {number}; see `photolog replay status feeds`")
