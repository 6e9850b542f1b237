"""Every view built again from the log, beside the live one that has lived through faults: at the same positions both hold the same,
which is what the oracle says.

`photolog replay` switches whatever the live one holds, so what was found is read from the certificates that it leaves.
"""

from collections.abc import Iterator
from pathlib import Path

from replay.certificate import Certificate, parsed
from runtime.commands.replaying.verify import told
from tests.distributed.chaos.system import System
from tests.e2e.aftermath import Told, poisoning
from tests.property.subjects import SUBJECTS


def check_rebuilt(system: System, found: Told) -> None:
    """Afterwards what was built is live, and has parked what no event is. While nobody writes."""
    known = set(_certificates(system))
    done = system.cluster.run("replay", "all", "--json")
    made = [parsed(path.read_bytes()) for path in _certificates(system) if path not in known]
    differing = [line for certificate in made for line in _differing(certificate)]
    assert not differing, "\n".join(differing)
    assert done.returncode == 0, done.stdout + done.stderr
    parked = {subject.projection.name: len(poisoning(found, subject)) for subject in SUBJECTS}
    assert {certificate.projection: certificate.parked_count for certificate in made} == parked


def _certificates(system: System) -> list[Path]:
    return sorted((system.folder / "certificates").glob("*.json"))


def _differing(found: Certificate) -> Iterator[str]:
    """Nothing when all three are equal."""
    sides = (
        ("generation", f"generation {found.generation}, which was built,", found.behind_count),
        ("live", f"generation {found.live}, which had lived,", found.live_behind_count),
    )
    for side, whose, behind_count in sides:
        if found.digests.get(side) != found.digests["oracle"]:
            yield f"{found.projection}: {whose} is not what the oracle says"
        if behind_count:
            yield f"{found.projection}: {whose} lacks the last {behind_count} events"
    yield from (f"{found.projection}: {fault}" for fault in found.faults)
    for difference in found.differences:
        yield from told(difference)
