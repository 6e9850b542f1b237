"""Every view built again from the log, after the live one has lived through faults: at the same positions both hold the same, which
is what the oracle says.

It is verified before and afterwards, and switched to in between: a replay that verifies does not switch where something is parked.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from replay.certificate import Certificate, parsed
from runtime.commands.replaying.verify import told
from tests.distributed.chaos.system import System
from tests.e2e.aftermath import Told, poisoning
from tests.property.subjects import SUBJECTS


def check_rebuilt(system: System, found: Told) -> None:
    """Afterwards what was built is live, and has parked what no event is. While nobody writes."""
    lived = _verified(system)
    done = system.cluster.run("replay", "all", "--unverified")
    assert done.returncode == 0, done.stdout + done.stderr
    built = _verified(system)
    differing = [line for made in (lived, built) for each in made.values() for line in _differing(each)]
    assert not differing, "\n".join(differing)
    for name, made in built.items():
        assert made.generation > lived[name].generation
        assert (made.positions, made.digests) == (lived[name].positions, lived[name].digests), name
    parked = {subject.projection.name: len(poisoning(found, subject)) for subject in SUBJECTS}
    assert {name: made.parked_count for name, made in built.items()} == parked


def _verified(system: System) -> Mapping[str, Certificate]:
    """By projection, of what is live."""
    known = set(_certificates(system))
    done = system.cluster.run("replay", "verify", "all")
    made = [parsed(path.read_bytes()) for path in _certificates(system) if path not in known]
    assert len(made) == len(SUBJECTS), done.stdout + done.stderr
    return {certificate.projection: certificate for certificate in made}


def _certificates(system: System) -> list[Path]:
    return sorted((system.folder / "certificates").glob("*.json"))


def _differing(found: Certificate) -> Iterator[str]:
    """Nothing where only what is no event is missing."""
    whose = f"{found.projection}: generation {found.generation}"
    if found.digests["generation"] != found.digests["oracle"]:
        yield f"{whose} is not what the oracle says"
    if found.behind_count:
        yield f"{whose} lacks the last {found.behind_count} events"
    yield from (f"{whose}: {fault}" for fault in found.faults)
    for difference in found.differences:
        yield from told(difference)
