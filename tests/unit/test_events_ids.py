"""Ids are unique, rise, and say when they were made, whatever the clock does."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.ids import EPOCH_MS, MAX_ID, SEQUENCE_BITS, SHARD_BITS, SHARD_COUNT, Ids, first_id_at, made_at_ms

_MS = EPOCH_MS + 5_000


class _Hands:
    """A clock that shows what it was told, one after the other, and then stands still."""

    def __init__(self, *shown: int) -> None:
        self._shown = list(shown)

    def __call__(self) -> int:
        return self._shown.pop(0) if len(self._shown) > 1 else self._shown[0]


def test_layout() -> None:
    id_ = Ids(5, _Hands(_MS)).next()
    assert id_ == 5_000 << 23 | 5 << 10
    assert made_at_ms(id_) == _MS


def test_a_burst_in_one_millisecond_runs_ahead_and_repeats_nothing() -> None:
    ids = Ids(1, _Hands(_MS))
    made = [ids.next() for _ in range(3 << SEQUENCE_BITS)]
    assert sorted(set(made)) == made
    assert made_at_ms(made[-1]) == _MS + 2


@given(st.lists(st.integers(_MS - 3, _MS + 3), min_size=1, max_size=50))
def test_ids_rise_whatever_the_clock_does(shown: list[int]) -> None:
    ids = Ids(3, _Hands(*shown))
    made = [ids.next() for _ in shown]
    assert sorted(set(made)) == made


def test_shards_never_meet() -> None:
    one, other = Ids(0, _Hands(_MS)), Ids(1, _Hands(_MS))
    made = {ids.next() for ids in (one, other) for _ in range(2 << SEQUENCE_BITS)}
    assert len(made) == 4 << SEQUENCE_BITS


@pytest.mark.parametrize("shard", [-1, SHARD_COUNT])
def test_a_shard_that_does_not_exist_is_refused(shard: int) -> None:
    with pytest.raises(ValueError, match="shard"):
        Ids(shard)


def test_positive_until_2060() -> None:
    eve_of_2060_ms = 2_840_140_799_999
    last = Ids(SHARD_COUNT - 1, _Hands(eve_of_2060_ms)).next()
    assert 0 < last <= MAX_ID
    assert SHARD_BITS + SEQUENCE_BITS == 23


@given(st.integers(EPOCH_MS - 10, EPOCH_MS + 2**40))
def test_first_id_at_is_the_least_of_its_millisecond(ms: int) -> None:
    first = first_id_at(ms)
    assert made_at_ms(first) == max(ms, EPOCH_MS)
    assert first == 0 or made_at_ms(first - 1) == ms - 1


def test_several_threads_share_one_shard() -> None:
    ids = Ids(1, _Hands(_MS))
    made: list[list[int]] = [[] for _ in range(4)]

    def make(mine: list[int]) -> None:
        mine.extend(ids.next() for _ in range(2_000))

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id_ for mine in made for id_ in mine}) == 8_000


def test_ids_of_a_shard_that_was_moved_to_are_its_own() -> None:
    ids = Ids(1, lambda: EPOCH_MS + 5)
    before = ids.next()
    ids.move(2)
    after = ids.next()
    assert after > before
    assert (after >> SEQUENCE_BITS) % SHARD_COUNT == 2
