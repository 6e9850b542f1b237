"""How round trips are counted by the benchmarks."""

from bench.distributed.trips import Trips


def _trips(*asked: tuple[str, float, float]) -> Trips:
    trips = Trips()
    trips.asked = [(store, 1, began, end) for store, began, end in asked]
    return trips


def test_what_goes_out_together_is_waited_for_once() -> None:
    trips = _trips(("Redis", 0, 2), ("Cassandra", 0, 5), ("Redis", 1, 3))
    assert trips.waits_count("Redis", "Cassandra") == 1
    assert trips.commands_count("Redis") == 2


def test_the_longest_row_of_waits_is_counted() -> None:
    trips = _trips(
        ("Redis", 0, 1), ("Redis", 1, 2), ("Cassandra", 0, 5), ("Redis", 2, 3), ("Cassandra", 5, 6)
    )
    assert trips.waits_count("Redis") == 3
    assert trips.waits_count("Redis", "Cassandra") == 4
