"""Remembered rows are never older than what the writer has told of, whatever the reader is in the middle of."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from stores.sqlite.remembered import Remembered


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
