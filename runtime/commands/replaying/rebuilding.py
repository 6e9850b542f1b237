"""One projection built anew beside the live generation, verified, and switched to: what a replay does, and what a repair does where
nothing smaller than the whole can be built anew.
"""

from dataclasses import dataclass

from projectors.catalogue import BY_NAME
from replay.certificate import Certificate
from runtime.beside import Beside
from runtime.commands.replaying.judging import bar
from runtime.commands.replaying.progress import Shown
from runtime.errors import CommandError
from runtime.notices import Tell, in_words, told
from runtime.operating import Operator
from runtime.reaching import until_reached
from runtime.verifying import keep, verify_generation
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.registry import Generation, NotReadyError


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """`events_per_s` None: as fast as it goes."""

    events_per_s: float | None
    unverified: bool
    by: str | None
    as_json: bool


async def rebuilt(system: Beside, name: str, how: Rebuilding, shown: Shown) -> dict[str, object]:
    """To be called by who holds the projection's replay. Goes on with what was broken off. Raises CommandError when the new
    generation is not switched to.
    """
    live, tell = await system.live(name), told(how.as_json)
    fresh = await system.begin(live)
    with (shown.lines if how.as_json else shown.bar)(fresh) as report:
        if fresh.state == "building":
            await system.build(fresh, report, how.events_per_s)
            if not await system.registry.mark(name, fresh.number, "ready"):
                raise CommandError(f"somebody has given up {name} {fresh.number} meanwhile")
        await until_even(system, live, fresh, tell)
    operator = Operator(system, how.by)
    seal = None if how.unverified else await _verified(system, operator, fresh, how.as_json)
    await until_even(system, live, fresh, tell)  # verifying took its time, in which the live one went on
    shown.is_live = None
    try:
        shown.is_live = await operator.switch(live, fresh, seal)
    except NotReadyError:
        raise CommandError(f"{name} {fresh.number} broke; see the server's log") from None
    if not shown.is_live:
        raise CommandError(f"somebody else has switched {name}; see `photolog replay history {name}`")
    await operator.retire_others(live, fresh)
    return {"projection": name, "from": live.number, "to": fresh.number, "certificate": seal}


async def _verified(system: Beside, operator: Operator, fresh: Generation, as_json: bool) -> str:
    """The seal of the certificate. Ends the command when the generation is not what the log says."""
    certificate = await _judged(system, fresh, as_json)
    while certificate.is_merely_behind:  # who feeds it went away, just now
        certificate = await _judged(system, fresh, as_json)
    await operator.verified(fresh, certificate)
    kept_at = keep(system, certificate, None)
    if not certificate.equal and certificate.parked_count:
        raise CommandError(
            f"{certificate.parked_count:,} events are parked in {fresh.projection} {fresh.number}, so it is not what the log says "
            f"and was not switched to: {kept_at} says how it differs. See `photolog parked list`, mend the cause and have them "
            f"tried again with `photolog parked retry`, or give up what is no event with `photolog parked discard`, and give the "
            f"same command again; with --unverified it switches all the same"
        )
    if not certificate.equal:
        retire = f"photolog replay retire {fresh.projection} --generation {fresh.number}"
        raise CommandError(
            f"{fresh.projection} {fresh.number} is not what the log says and was not switched to: {kept_at} says what "
            f"differs. Mend the cause, give it up with `{retire}`, and replay again"
        )
    return certificate.seal


async def _judged(system: Beside, fresh: Generation, as_json: bool) -> Certificate:
    """Once it has come to where the log ends now: a worker that ended is waited for until it is started again."""
    goal = await system.log.ends(BY_NAME[fresh.projection].topics)
    await until_reached(system, fresh, goal, told(as_json))
    with bar(fresh.projection, as_json) as report:
        return await verify_generation(system, fresh, report)


async def until_even(system: Beside, live: Generation, other: Generation, tell: Tell = in_words) -> None:
    """Wait until the other generation stands where the live one stands now: at most at the log's end, which may have been cut, and
    nowhere when it cannot be read. Such a one is to be replaced all the more.
    """
    try:
        stands = await system.positions(live)
    except UnavailableError:
        raise
    except StoreError:
        stands = {}
    ends = await system.log.ends(BY_NAME[live.projection].topics)
    goal = {at: min(offset, ends.get(at, -1)) for at, offset in stands.items()}
    await until_reached(system, other, goal, tell)
