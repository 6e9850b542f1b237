"""A watch tells of every change of what was read while it was open, also of those that happen in the middle of reading."""

from collections.abc import Callable, Iterator

from stores.sqlite.remembered import Remembered, RememberedPairs
from stores.sqlite.watching import Watch, missed, watching


def rows() -> Remembered[int, str]:
    return Remembered(lambda keys: {key: "row" for key in keys if key < 10}, limit=100)


def watched(read: Callable[[], object]) -> Watch:
    with watching() as watch:
        read()
    return watch


def test_only_what_was_read_counts() -> None:
    remembered = rows()
    watch = watched(lambda: remembered.get([1, 2]))
    remembered.get([3])
    remembered.forget([3])
    assert watch.is_unchanged()
    remembered.forget([4, 2])
    assert not watch.is_unchanged()
    assert not watch.is_unchanged()


def test_what_was_absent_may_come() -> None:
    remembered = rows()
    watch = watched(lambda: remembered.get([1, 11]))
    remembered.forget([11])
    assert not watch.is_unchanged()


def test_what_was_read_beside_rows_is_not_known() -> None:
    assert watched(lambda: None).is_unchanged()
    assert not watched(missed).is_unchanged()
    missed()
    assert watched(lambda: None).is_unchanged()


def test_a_change_that_nobody_looked_into_may_be_any() -> None:
    remembered = rows()
    remembered.get([1])
    watch = watched(lambda: remembered.get([1]))
    remembered.forget([1])
    assert not watch.is_unchanged()
    watch = watched(lambda: remembered.get([11]))  # nothing is kept
    remembered.forget([2])
    assert not watch.is_unchanged()
    watch = watched(lambda: remembered.get([1]))
    remembered.forget_all()
    assert not watch.is_unchanged()


def test_who_asks_after_many_changes_is_told_that_there_was_one() -> None:
    remembered = rows()
    remembered.get([2])
    watch, late = (watched(lambda: remembered.get([1])) for _ in range(2))
    for _ in range(1_000):
        remembered.forget([3])
        assert watch.is_unchanged()
    assert not late.is_unchanged()


def test_a_change_in_the_middle_of_reading_is_noticed() -> None:
    def load(keys: list[int]) -> dict[int, str]:
        remembered.forget(keys)
        return dict.fromkeys(keys, "old")

    remembered = Remembered(load, limit=10)
    watch = watched(lambda: remembered.get([1]))
    assert not watch.is_unchanged()


def test_what_is_read_while_the_writer_looks_for_what_has_changed_is_not_believed() -> None:
    remembered, watches = rows(), list[Watch]()
    remembered.get([1])

    def looking() -> Iterator[int]:
        watches.append(watched(lambda: remembered.get([1])))
        yield 1

    remembered.forget(looking())
    assert not watches[0].is_unchanged()


def test_pairs_are_watched_by_their_first() -> None:
    pairs = RememberedPairs(lambda one, others: others, limit=100)
    for one in (1, 2):
        pairs.among(one, [11])
    watch = watched(lambda: pairs.among(1, [11]))
    pairs.forget([(2, 11)])
    assert watch.is_unchanged()
    pairs.forget([(1, 12)])
    assert not watch.is_unchanged()
