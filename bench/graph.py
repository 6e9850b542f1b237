"""Who follows whom in the benchmarks: the social graph of Reed College where its file lies beside the checkout (962 people, 18,812
friendships; Rossi & Ahmed, AAAI 2015), else a power-law graph of the same size and mean degree."""

import random
from pathlib import Path

REED98 = Path(__file__).parents[2] / "shared/data/socfb-Reed98/socfb-Reed98.edges"
PEOPLE_COUNT = 962
LINKS_EACH = 20


def follows() -> tuple[str, list[tuple[int, int]]]:
    """The graph's name and its (follower, followed) pairs, numbered from 0; friendships go both ways."""
    if REED98.exists():
        pairs = [
            tuple(map(int, line.split()[:2])) for line in REED98.read_text().splitlines() if line.strip()
        ]
        return "socfb-Reed98", [pair for a, b in pairs for pair in ((a, b), (b, a))]
    return "generated power law", power_law(PEOPLE_COUNT, LINKS_EACH, random.Random(98))


def power_law(people_count: int, links_each: int, rnd: random.Random) -> list[tuple[int, int]]:
    """Preferential attachment (Barabási and Albert, Science 1999): newcomers prefer who is popular."""
    found: list[tuple[int, int]] = []
    popular = list(range(links_each))
    for newcomer in range(links_each, people_count):
        for friend in set(rnd.choices(popular, k=links_each)):
            found += [(newcomer, friend), (friend, newcomer)]
            popular += [newcomer, friend]
    return found
