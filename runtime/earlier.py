"""Which generation a rollback goes back to: the one that was live before, not just one that is fed still."""

from events.operations import GenerationRolledBack, GenerationSwitched
from replay.operations import history
from runtime.beside import Beside
from stores.ports.registry import Generation


async def earlier(system: Beside, projection: str) -> Generation | None:
    """None: nothing is kept. More than one is where a replay was broken off after the switch, before it retired the older one."""
    replaced = {g.number: g for g in await system.generations(projection) if g.state == "replaced"}
    if len(replaced) > 1:
        for event in reversed(await history(system.registry, system.log)):
            if not isinstance(event, GenerationSwitched | GenerationRolledBack):
                continue
            if event.projection == projection and event.from_generation in replaced:
                return replaced[event.from_generation]
    return max(replaced.values(), key=lambda generation: generation.number, default=None)
