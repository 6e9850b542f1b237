"""Cursors and positions: only what this service made, only where it belongs, only as long as it is valid."""

from base64 import urlsafe_b64decode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import CURSOR_MAX_CHARS, VALID_S, Cursors, binding
from api.positions import PositionStrings, packed, unpacked
from api.problems import ProblemError
from api.signing import Sealer
from events.topics import USER_TOPICS
from runtime.settings import PARTITIONS_LIMIT

HERE = binding("GET /v1/feed", {"order": "recent"}, 1)
NOW_MS = 1_800_000_000_000


def cursors(at_ms: int = NOW_MS, secret: bytes = b"secret") -> Cursors:
    return Cursors(secret, lambda: at_ms)


@given(
    st.lists(st.one_of(st.integers(0, 2**63 - 1), st.text(max_size=20, alphabet="añ😀/=?&\n")), max_size=5)
)
def test_a_cursor_gives_back_its_keys(keys: list[int | str]) -> None:
    assert cursors().open(cursors().seal(keys, HERE), HERE) == tuple(keys)


@pytest.mark.parametrize("number", [-1, -(2**63), 2**63])
def test_a_number_that_can_be_no_id_is_refused(number: int) -> None:
    """However well it is signed: a store need not know what to do with it."""
    with pytest.raises(ProblemError):
        cursors().open(cursors().seal([number], HERE), HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        binding("GET /v1/users/1/posts", {"order": "recent"}, 1),
        binding("GET /v1/feed", {"order": "ranked"}, 1),
        binding("GET /v1/feed", {}, 1),
        binding("GET /v1/feed", {"order": "recent", "q": ""}, 1),
        binding("GET /v1/feed", {"order": "recent"}, 2),
        binding("GET /v1/feed", {"order": "recent"}, None),
    ],
)
def test_a_cursor_is_of_no_use_elsewhere(elsewhere: bytes) -> None:
    with pytest.raises(ProblemError, match="bad_cursor"):
        cursors().open(cursors().seal((7,), HERE), elsewhere)


def test_what_a_cursor_goes_on_from_cannot_be_read() -> None:
    """It may be a post that its holder may not see."""
    raw = urlsafe_b64decode(cursors().seal((7_301_548_361_728, "harbour"), HERE) + "==")
    assert b"7301548361728" not in raw
    assert b"harbour" not in raw


def test_cursors_of_neighbours_look_unrelated() -> None:
    one, other = (urlsafe_b64decode(cursors().seal((n, "harbour"), HERE) + "==") for n in (1, 2))
    difference = int.from_bytes(one) ^ int.from_bytes(other)
    assert all(difference >> bit & 0xFFFF for bit in range(0, 8 * len(one) - 8, 16))


def test_the_order_of_parameters_does_not_matter() -> None:
    assert binding("r", {"a": "1", "b": "2"}, None) == binding("r", {"b": "2", "a": "1"}, None)


def test_every_changed_character_and_every_cut_is_noticed() -> None:
    cursor = cursors().seal((7, "word"), HERE)
    forged = [cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :] for n in range(len(cursor))]
    cut = [cursor[:n] for n in range(len(cursor))] + [cursor[n:] for n in range(1, len(cursor))]
    spelled = [
        cursor + "=",
        cursor + "A",
        " " + cursor,
        cursor + "\n",
        cursor.replace("A", "A "),
        cursor + "é",
    ]
    for text in (*forged, *cut, *(other for other in spelled if other != cursor)):
        with pytest.raises(ProblemError, match="bad_cursor"):
            cursors().open(text, HERE)


@given(st.text(max_size=60))
def test_no_text_is_taken_for_a_cursor(text: str) -> None:
    with pytest.raises(ProblemError, match="bad_cursor"):
        cursors().open(text, HERE)


def test_other_secrets_and_other_purposes_do_not_match() -> None:
    cursor = cursors().seal((7,), HERE)
    with pytest.raises(ProblemError, match="bad_cursor"):
        cursors(secret=b"other").open(cursor, HERE)
    sealed = Sealer(b"secret", "position", 999).seal(b"[1800000000,7]", HERE)
    with pytest.raises(ProblemError, match="bad_cursor"):
        cursors().open(sealed, HERE)


def test_a_cursor_is_valid_for_a_day() -> None:
    cursor = cursors().seal((7,), HERE)
    assert cursors(NOW_MS + VALID_S * 1000).open(cursor, HERE) == (7,)
    with pytest.raises(ProblemError, match="cursor_expired"):
        cursors(NOW_MS + (VALID_S + 1) * 1000).open(cursor, HERE)


def test_a_cursor_is_bounded() -> None:
    with pytest.raises(ValueError, match="too long"):
        cursors().seal(("x" * CURSOR_MAX_CHARS,), HERE)
    with pytest.raises(ProblemError, match="bad_cursor"):
        cursors().open("A" * 10_000_000, HERE)


POSITIONS = {("photolog.posts", 3): 42, ("photolog.posts", 0): 0, ("photolog.graph", 15): 2**40}


def test_a_position_gives_back_what_was_seen() -> None:
    strings = PositionStrings(b"secret")
    assert strings.open(strings.seal(POSITIONS)) == POSITIONS
    assert strings.open(strings.seal({})) == {}
    assert unpacked(packed(POSITIONS)) == POSITIONS


def test_a_position_of_a_large_installation_fits_in_a_header() -> None:
    """Of a client that has written to every partition there may be, after a hundred billion events."""
    random = Random(7)
    many = {
        (topic, partition): random.randrange(10**9)
        for topic in USER_TOPICS
        for partition in range(PARTITIONS_LIMIT)
    }
    strings = PositionStrings(b"secret")
    assert strings.open(strings.seal(many)) == many


@pytest.mark.parametrize("text", ["", "x", "AAAA", "é" * 40, "A" * 100_000, "\x00"])
def test_other_texts_are_no_position(text: str) -> None:
    with pytest.raises(ProblemError, match="bad_position"):
        PositionStrings(b"secret").open(text)
