"""Remembered rows are never older than what the writer has told of, whatever the reader is in the middle of."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from stores.sqlite.remembered import Remembered, RememberedPairs


class Table:
    """Rows as they are stored; `meanwhile` is what the writer does while a reader loads."""

    def __init__(self) -> None:
        self.rows: dict[int, str] = {1: "one", 2: "two", 3: "three"}
        self.asked: list[list[int]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def load(self, keys: list[int]) -> dict[int, str]:
        self.asked.append(keys)
        found = {key: self.rows[key] for key in keys if key in self.rows}
        self.meanwhile()
        return found


def test_a_row_is_loaded_once() -> None:
    table = Table()
    remembered = Remembered(table.load, limit=10)
    assert remembered.get([1, 2]) == remembered.get([1, 2]) == {1: "one", 2: "two"}
    assert table.asked == [[1, 2]]


def test_rows_come_in_the_order_of_the_keys_and_absent_ones_are_left_out() -> None:
    remembered = Remembered(Table().load, limit=10)
    remembered.get([3])
    assert list(remembered.get([2, 9, 3, 1]).items()) == [(2, "two"), (3, "three"), (1, "one")]


def test_what_is_absent_is_asked_for_again() -> None:
    table = Table()
    remembered = Remembered(table.load, limit=10)
    assert remembered.get([9]) == {}
    table.rows[9] = "nine"
    assert remembered.get([9]) == {9: "nine"}


def test_a_row_that_changed_is_loaded_again() -> None:
    table = Table()
    remembered = Remembered(table.load, limit=10)
    remembered.get([1, 2])
    table.rows[1] = "changed"
    remembered.forget([1])
    assert remembered.get([1, 2]) == {1: "changed", 2: "two"}
    assert table.asked == [[1, 2], [1]]


def test_a_row_that_changed_while_it_was_loaded_is_not_kept() -> None:
    table = Table()
    remembered = Remembered(table.load, limit=10)

    def change() -> None:
        table.meanwhile = lambda: None
        table.rows[1] = "changed"
        remembered.forget([1])

    table.meanwhile = change
    assert remembered.get([1]) == {1: "one"}
    assert remembered.get([1]) == {1: "changed"}


def test_a_row_that_is_forgotten_while_another_is_loaded_is_still_given() -> None:
    table = Table()
    remembered = Remembered(table.load, limit=10)
    remembered.get([1])
    table.meanwhile = lambda: remembered.forget([1])
    assert remembered.get([1, 2]) == {1: "one", 2: "two"}


def test_readers_do_not_wait_while_the_writer_looks_for_what_has_changed() -> None:
    remembered = Remembered(Table().load, limit=10)
    remembered.get([1])

    def changed() -> Iterator[int]:
        with ThreadPoolExecutor(1) as reader:
            yield from reader.submit(remembered.get, [2]).result(timeout=10)

    remembered.forget(changed())
    assert remembered.get([1, 2]) == {1: "one", 2: "two"}


def test_the_longest_kept_go_first() -> None:
    table = Table()
    remembered = Remembered(table.load, limit=2)
    for key in (1, 2, 3):
        remembered.get([key])
    remembered.get([2, 3])
    assert table.asked == [[1], [2], [3]]
    remembered.get([1])
    assert table.asked[-1] == [1]


def test_everything_can_be_forgotten() -> None:
    table = Table()
    remembered = Remembered(table.load, limit=10)
    remembered.get([1, 2])
    remembered.forget_all()
    remembered.get([2])
    assert table.asked == [[1, 2], [2]]


class Edges:
    """Pairs as they are stored; `meanwhile` is what the writer does while a reader loads."""

    def __init__(self) -> None:
        self.pairs = {(1, 11), (1, 12), (2, 11)}
        self.asked: list[tuple[int, Sequence[int]]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def load(self, one: int, others: Sequence[int]) -> list[int]:
        self.asked.append((one, others))
        found = [other for other in others if (one, other) in self.pairs]
        self.meanwhile()
        return found


def test_pairs_are_loaded_once_and_so_are_those_that_are_none() -> None:
    edges = Edges()
    pairs = RememberedPairs(edges.load, limit=10)
    for _ in range(2):
        assert pairs.among(1, [11, 12, 13]) == {11, 12}
        assert pairs.among(1, [13]) == set()
        assert pairs.among(2, [11, 12]) == {11}
    assert edges.asked == [(1, (11, 12, 13)), (2, (11, 12))]


def test_a_pair_that_changed_is_loaded_again() -> None:
    edges = Edges()
    pairs = RememberedPairs(edges.load, limit=10)
    assert pairs.among(1, [11, 12]) == {11, 12}
    edges.pairs.remove((1, 11))
    pairs.forget([(1, 11), (7, 7)])
    assert pairs.among(1, [11, 12]) == {12}
    edges.pairs.clear()
    pairs.forget_all()
    assert pairs.among(1, [11, 12]) == set()


def test_a_pair_that_changed_while_it_was_loaded_is_not_kept() -> None:
    edges = Edges()
    pairs = RememberedPairs(edges.load, limit=10)

    def like() -> None:
        edges.pairs.add((1, 13))
        pairs.forget([(1, 13)])

    edges.meanwhile = like
    assert pairs.among(1, [13]) == set()
    edges.meanwhile = lambda: None
    assert pairs.among(1, [13]) == {13}


def test_pairs_are_bounded_by_their_number_and_go_by_whom_was_kept_longest() -> None:
    edges = Edges()
    pairs = RememberedPairs(edges.load, limit=4)
    for one in (1, 2, 3):
        pairs.among(one, [11, 12])
    pairs.among(2, [11, 12])
    pairs.among(3, [11, 12])
    assert len(edges.asked) == 3
    pairs.among(1, [11, 12])
    assert len(edges.asked) == 4
