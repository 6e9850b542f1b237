"""Texts: one normal form, counted in code points, nothing that cannot be stored."""

from typing import Annotated

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from events.text import MAX_MARKS, Text, TextError, normalised

NAME: TypeAdapter[str] = TypeAdapter(Annotated[str, Text(1, 5)])


@pytest.mark.parametrize("value", ["a", "abcde", "ééééé", "\U0001f600" * 5, "a\nb", " "])
def test_what_fits_stays(value: str) -> None:
    assert NAME.validate_python(value) == value


def test_the_normal_form_is_counted_and_given_back() -> None:
    assert NAME.validate_python("e\u0301" * 5) == "é" * 5
    assert NAME.validate_python("\u1112\u1161\u11ab" * 5) == "한" * 5


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "too_short"),
        ("abcdef", "too_long"),
        ("é" * 6, "too_long"),
        ("\u0958" * 3, "too_long"),  # NFC takes these apart: three become six
        ("e\u0301" * 1000, "too_long"),
        ("a\0b", "nul"),
        ("\0", "nul"),
        ("a\ud800", "lone_surrogate"),
        ("\udfff", "lone_surrogate"),
    ],
)
def test_what_does_not_fit_is_refused(value: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        NAME.validate_python(value)
    assert [error["type"] for error in caught.value.errors()] == [code]


@pytest.mark.parametrize("value", [1, None, b"abc", ["a"]])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="string"):
        NAME.validate_python(value)


def test_no_text_makes_normalising_slow() -> None:
    with pytest.raises(TextError, match="marks") as caught:
        normalised("a" + "\u0301\u0323" * MAX_MARKS, 0, 2200)
    assert caught.value.code == "too_many_marks"
    assert normalised("\u0301" * MAX_MARKS + "b", 0, 2200)


def test_the_schema_says_the_same() -> None:
    class Model(BaseModel):
        name: Annotated[str, Text(1, 5)]

    described = Model.model_json_schema()["properties"]["name"]
    assert described == {
        "type": "string", "minLength": 1, "maxLength": 5, "pattern": r"^[^\x00]*$", "title": "Name",
    }  # fmt: skip
