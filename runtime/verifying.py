"""Verifying and checking beside a system: which generations are held against the oracle, and where certificates are kept."""

from functools import partial
from pathlib import Path

from api.feeds import skeleton
from events.ids import system_clock
from projectors.catalogue import BY_NAME
from replay.certificate import Certificate
from replay.check import check
from replay.operations import history
from replay.side import Kept
from replay.subjects.catalogue import judged
from replay.verify import Report, World, verify
from runtime.beside import Beside
from runtime.errors import CommandError
from stores.ports.registry import Generation


async def verify_generation(system: Beside, generation: Generation, report: Report) -> Certificate:
    """Beside the live generation, if it is another one."""
    live = await system.live(generation.projection)
    other = None if live.number == generation.number else kept(system, live)
    found = judged(generation.projection, skeleton)
    mine = kept(system, generation)
    return await verify(found, world(system), mine, other, system_clock(), report)


async def check_certificate(system: Beside, certificate: Certificate, report: Report) -> tuple[str, ...]:
    """Why it does not stand; nothing when it does."""
    if certificate.projection not in BY_NAME:
        return (f"there is no projection {certificate.projection}",)
    return await check(judged(certificate.projection, skeleton), world(system), certificate, report)


async def to_verify(system: Beside, projection: str, number: int | None) -> Generation:
    """That generation, or else the newest one that is live or to become so."""
    known = await system.generations(projection)
    wanted = [g for g in known if (g.state in ("ready", "live") if number is None else g.number == number)]
    if not wanted:
        told = "no live generation" if number is None else f"no generation {number}"
        raise CommandError(f"{projection} has {told}; see `photolog replay status {projection}`")
    return max(wanted, key=lambda generation: generation.number)


def keep(system: Beside, certificate: Certificate, path: Path | None) -> Path:
    """Write the certificate there, or to the folder of certificates; returns where."""
    if path is None:
        folder = (system.folder or Path()) / "certificates"
        name = f"{certificate.projection}.{certificate.generation}.{certificate.made_at_ms}.json"
        path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(certificate.json_text() + b"\n")
    except OSError as error:
        raise CommandError(
            f"the certificate cannot be written: {error}; let this user write there, and give the command again"
        ) from error
    return path


def kept(system: Beside, generation: Generation) -> Kept:
    return Kept(generation.number, generation.version, lambda: system.fresh_view(generation))


def world(system: Beside) -> World:
    done = partial(history, system.registry, system.log)
    return World(system.log, system.keys, system.folder, history=done)
