"""The simulation of the fan-out: the same again for the same seed, and true to the graph that it says it draws."""

import pytest

from bench.fan_out_simulation import Outcome, Sample, World, simulate

WORLD = World()
SMALL = Sample(authors_per_decade=100, readers_count=100)
THRESHOLDS = (1e3, 1e5, 1e9)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return simulate(WORLD, SMALL, THRESHOLDS, seed=1)


def test_the_same_seed_gives_the_same(outcomes: list[Outcome]) -> None:
    assert simulate(WORLD, SMALL, THRESHOLDS, seed=1) == outcomes
    assert simulate(WORLD, SMALL, THRESHOLDS, seed=2) != outcomes


def test_a_higher_threshold_pushes_more_and_merges_less(outcomes: list[Outcome]) -> None:
    low, middle, none = outcomes
    assert low.deliveries_per_s < middle.deliveries_per_s < none.deliveries_per_s
    assert low.merged_mean > middle.merged_mean > none.merged_mean == 0
    assert none.celebrities_count == 0


def test_everybody_posting_alike_is_delivered_to_the_mean_of_followers() -> None:
    alike = World(busier=1)
    ((outcome),) = simulate(alike, SMALL, [1e9], seed=1)
    expected = alike.posts_per_s * alike.active * alike.mean_followers
    assert outcome.deliveries_per_s == pytest.approx(expected, rel=0.02)
