"""What is sealed opens with its key, in its place, and nowhere else."""

import base64

import pytest

from events.sealing import KEY_BYTES, SealBrokenError, new_key, open_sealed, seal

_PLACE = "12/caption/7"


def test_opens_what_was_sealed() -> None:
    key = new_key()
    value = {"name": "Harbor \u26f5", "latitude": 1.5, "tags": ["a"], "none": None}
    assert open_sealed(seal(value, key, _PLACE), key, _PLACE) == value
    assert len(key) == KEY_BYTES


def test_the_same_text_is_never_sealed_twice_the_same() -> None:
    key = new_key()
    assert seal("dusk", key, _PLACE) != seal("dusk", key, _PLACE)


@pytest.mark.parametrize("place", ["13/caption/7", "12/bio/7", "12/caption/8"])
def test_cannot_be_moved_to_another_place(place: str) -> None:
    key = new_key()
    with pytest.raises(SealBrokenError):
        open_sealed(seal("dusk", key, _PLACE), key, place)


def test_does_not_open_with_another_key() -> None:
    with pytest.raises(SealBrokenError):
        open_sealed(seal("dusk", new_key(), _PLACE), new_key(), _PLACE)


def test_a_changed_byte_is_noticed() -> None:
    key = new_key()
    raw = bytearray(base64.b64decode(seal("dusk", key, _PLACE)["sealed"]))
    for at in range(len(raw)):
        changed = bytes(raw[:at]) + bytes([raw[at] ^ 1]) + bytes(raw[at + 1 :])
        with pytest.raises(SealBrokenError):
            open_sealed({"sealed": base64.b64encode(changed).decode()}, key, _PLACE)


@pytest.mark.parametrize(
    "value",
    [
        "dusk",
        None,
        5,
        [],
        {},
        {"sealed": 5},
        {"sealed": "%%%"},
        {"sealed": ""},
        {"sealed": "AAAA"},
        {"other": "AAAA"},
    ],
)
def test_what_is_no_sealed_value_is_told_from_a_broken_seal(value: object) -> None:
    with pytest.raises(ValueError):
        open_sealed(value, new_key(), _PLACE)
