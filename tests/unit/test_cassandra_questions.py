"""Partitions of counts are read together: each of them once, and not too much in one query."""

from hypothesis import given
from hypothesis import strategies as st

from stores.cassandra.counting import POSTS_AT_ONCE, ROWS_AT_ONCE, questions

_PLACES = st.tuples(st.integers(1, 90), st.integers(0, 1))
_IDS = st.frozensets(st.integers(0, 900), min_size=1, max_size=120)


@given(st.dictionaries(_PLACES, _IDS, max_size=60))
def test_each_partition_is_asked_for_once_and_with_all_its_ids(
    asked: dict[tuple[int, int], frozenset[int]],
) -> None:
    told = list(questions(asked))
    places = [(post_id, bucket) for bucket, post_ids, _ in told for post_id in post_ids]
    assert sorted(places) == sorted(asked)
    for bucket, post_ids, ids in told:
        assert set(ids) == set().union(*(asked[post_id, bucket] for post_id in post_ids))
        assert len(post_ids) <= POSTS_AT_ONCE
        assert len(post_ids) == 1 or len(post_ids) * len(ids) <= ROWS_AT_ONCE
