"""Replication as operators write it, as Cassandra says it, and what nodes it needs."""

import pytest

from stores.cassandra.replication import Replication

SIMPLE, TWO = Replication({"SimpleStrategy": 1}), Replication({"east": 3, "dc-2": 2})


def test_what_operators_write() -> None:
    assert Replication.parse("SimpleStrategy:1") == SIMPLE
    assert Replication.parse(" east : 3,dc-2:2 ") == TWO
    assert Replication.parse(str(TWO)) == TWO


@pytest.mark.parametrize("text", ["", "3", "east", "east:0", "east:3,", "a'b:3", "SimpleStrategy:1,east:3"])
def test_what_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SimpleStrategy:1"):
        Replication.parse(text)


def test_what_is_said_to_cassandra_and_by_it() -> None:
    assert SIMPLE.cql() == "{'class': 'SimpleStrategy', 'replication_factor': '1'}"
    assert TWO.cql() == "{'class': 'NetworkTopologyStrategy', 'east': '3', 'dc-2': '2'}"
    package = "org.apache.cassandra.locator."
    assert Replication.described({"class": f"{package}SimpleStrategy", "replication_factor": "1"}) == SIMPLE
    named = {"class": f"{package}NetworkTopologyStrategy", "dc-2": "2", "east": "3"}
    assert Replication.described(named) == TWO


def test_which_nodes_may_hold_copies() -> None:
    nodes = {"east": 4, "west": 2}
    assert SIMPLE.nodes_count(nodes) == {"SimpleStrategy": 6}
    assert TWO.nodes_count(nodes) == {"east": 4, "dc-2": 0}
