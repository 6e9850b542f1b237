"""What the celebrity threshold costs and saves, simulated on a power-law graph of two billion accounts.

`python -m bench.fan_out_simulation` prints it. The graph is a configuration model and is drawn, not stored: how many followers an
author has follows a power law; a reader follows authors by chance, each in proportion to the author's followers. Authors are drawn
decade by decade of their followers, each with the number of accounts that it stands for, so that the few who matter most are there.
Nothing is measured here: what a delivery or a merge costs is not known.
"""

import math
import random
import sys
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class World:
    """`exponent` is of the power law (2.276 on Twitter: Kwak et al., WWW 2010); the least followers follow from the mean. An author
    with a hundred times the followers posts `busier` times as often. `active` are readers who have a feed.
    """

    accounts_count: float = 2e9
    mean_followers: float = 200
    most_followers: float = 600e6
    exponent: float = 2.276
    busier: float = 2
    active: float = 0.5
    posts_per_s: float = 1_150
    most_followed: int = 7_500


@dataclass(frozen=True, slots=True)
class Sample:
    """How many there are of everything that is drawn."""

    authors_per_decade: int = 2_000
    readers_count: int = 3_000


@dataclass(frozen=True, slots=True)
class Author:
    followers: float
    accounts_count: float
    """That this one stands for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """With this threshold: how many accounts are above it, deliveries per second, the most deliveries of one post, and how many
    celebrities a reader follows, whose timelines are merged into each page.
    """

    threshold: float
    celebrities_count: float
    deliveries_per_s: float
    longest: float
    merged_mean: float
    merged_p99: int


def simulate(world: World, sample: Sample, thresholds: Sequence[float], seed: int) -> list[Outcome]:
    """The same for the same arguments."""
    rnd = random.Random(seed)
    authors = _authors(world, sample, rnd)
    followed = _followed(world, sample, authors, rnd)
    return [_outcome(world, authors, followed, threshold) for threshold in thresholds]


def _authors(world: World, sample: Sample, rnd: random.Random) -> list[Author]:
    """By rising number of followers."""
    least = _least_followers(world)
    decades = math.ceil(math.log10(world.most_followers / least))
    count = decades * sample.authors_per_decade
    width = math.log(world.most_followers / least) / count
    drawn = [least * math.exp((number + rnd.random()) * width) for number in range(count)]
    masses = [followers ** (1 - world.exponent) for followers in drawn]
    scale = world.accounts_count / sum(masses)
    return [Author(followers, mass * scale) for followers, mass in zip(drawn, masses, strict=True)]


def _least_followers(world: World) -> float:
    """Where the power law has to begin for its mean to be right."""
    low, high = 1e-3, world.mean_followers
    for _ in range(60):
        middle = (low + high) / 2
        if _mean(world, middle) < world.mean_followers:
            low = middle
        else:
            high = middle
    return low


def _mean(world: World, least: float) -> float:
    def moment(order: float) -> float:
        power = order - world.exponent + 1
        return float((world.most_followers**power - least**power) / power)

    return moment(1) / moment(0)


def _followed(
    world: World, sample: Sample, authors: Sequence[Author], rnd: random.Random
) -> list[list[float]]:
    """For each reader the followers of those whom they follow, rising; how many these are is log-normal."""
    edges = list(accumulate(author.followers * author.accounts_count for author in authors))
    followers = [author.followers for author in authors]
    spread = 1.0
    centre = math.log(world.mean_followers) - spread**2 / 2
    readers = []
    for _ in range(sample.readers_count):
        count = min(int(rnd.lognormvariate(centre, spread)), world.most_followed)
        readers.append(sorted(rnd.choices(followers, cum_weights=edges, k=count)))
    return readers


def _outcome(
    world: World, authors: Sequence[Author], followed: Sequence[Sequence[float]], threshold: float
) -> Outcome:
    power = math.log(world.busier, 100)
    posts = [author.accounts_count * author.followers**power for author in authors]
    pushed = [
        made * author.followers
        for made, author in zip(posts, authors, strict=True)
        if author.followers <= threshold
    ]
    merged = sorted(len(reader) - bisect_left(reader, threshold) for reader in followed)
    return Outcome(
        threshold=threshold,
        celebrities_count=sum(a.accounts_count for a in authors if a.followers > threshold),
        deliveries_per_s=world.posts_per_s * world.active * sum(pushed) / sum(posts),
        longest=world.active * min(threshold, world.most_followers),
        merged_mean=sum(merged) / len(merged),
        merged_p99=merged[int(len(merged) * 0.99)],
    )


THRESHOLDS = (1e3, 1e4, 1e5, 1e6, 1e7, 1e9)
SEED = 2026


def main() -> None:
    for outcome in simulate(World(), Sample(), THRESHOLDS, SEED):
        sys.stdout.write(f"{outcome}\n")


if __name__ == "__main__":
    main()
