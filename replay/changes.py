"""What would change if a generation took the live one's place, told from the certificate of that generation beside the live one.

Both were held against the oracle, so what is found in one of them alone is what they differ in. Where both differ in the same way,
nothing would change.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from replay.certificate import Certificate
from replay.differences import Difference


@dataclass(frozen=True, slots=True)
class Changes:
    """`count` is of entities; of more than a certificate lists, those that differ in both generations count twice.

    `live` are ways in which the live generation says something else than the log, `rebuilt` those of the other one.
    """

    count: int
    live: Sequence[Difference]
    rebuilt: Sequence[Difference]


def changes(certificate: Certificate) -> Changes:
    found = [
        [d for d in certificate.differences if (d.generation == certificate.live) == is_live]
        for is_live in (True, False)
    ]
    live, rebuilt = ({(d.kind, d.key): d for d in some} for some in found)
    both = live.keys() & rebuilt.keys()
    same = {entity for entity in both if live[entity].ways == rebuilt[entity].ways}
    return Changes(
        certificate.live_differences_count + certificate.differences_count - len(both) - len(same),
        [d for entity, d in live.items() if entity not in same],
        [d for entity, d in rebuilt.items() if entity not in same],
    )
