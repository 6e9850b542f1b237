"""Partitions are read together: each of them once, and not too much in one query."""

from hypothesis import given
from hypothesis import strategies as st

from stores.cassandra.questions import PARTITIONS_AT_ONCE, ROWS_AT_ONCE, questions

_IDS = st.frozensets(st.integers(0, 900), min_size=1, max_size=120)


@given(st.dictionaries(st.integers(1, 90), _IDS, max_size=60))
def test_each_partition_is_asked_for_once_and_with_all_its_ids(asked: dict[int, frozenset[int]]) -> None:
    told = list(questions(asked))
    assert sorted(key for keys, _ in told for key in keys) == sorted(asked)
    for keys, ids in told:
        assert set(ids) == set().union(*(asked[key] for key in keys))
        assert len(keys) <= PARTITIONS_AT_ONCE
        assert len(keys) == 1 or len(keys) * len(ids) <= ROWS_AT_ONCE
