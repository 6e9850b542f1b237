"""Which words of a caption are tags."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.tags import MAX_TAG_CHARS, as_tag, tags_of
from events.text import TextError, normalised


@pytest.mark.parametrize(
    ("caption", "tags"),
    [
        ("", ()),
        ("no tags here", ()),
        ("# nothing, #, ##, #!", ()),
        ("#sea and #sky", ("sea", "sky")),
        ("#Sea #SEA #sea", ("sea",)),
        ("#sky #sea #sky", ("sky", "sea")),
        ("##sea #a#b x#c", ("sea", "a", "b", "c")),
        ("#sea, #sky.", ("sea", "sky")),
        ("#snake_case #2026 #_", ("snake_case", "2026", "_")),
        ("#kebab-case", ("kebab",)),
        ("#Straße #STRASSE", ("strasse",)),
        ("#Été", ("été",)),
        ("#写真\n#фото", ("写真", "фото")),
        ("#हिन्दी", ("हिन्दी",)),
        ("#\u0301a", ()),
        ("#sea\u200bside", ("sea",)),
        ("#İ", ("i̇",)),
        ("#" + "a" * 64, ("a" * 64,)),
        ("#" + "a" * 65, ()),
        ("#" + "ß" * 33, ()),
    ],
)
def test_tags_of_a_caption(caption: str, tags: tuple[str, ...]) -> None:
    assert tags_of(caption) == tags


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Sea", "sea"),
        ("été", "été"),
        ("STRASSE", "strasse"),
        ("", None),
        ("a b", None),
        ("#sea", None),
        ("a-b", None),
    ],
)
def test_what_a_text_names(text: str, tag: str | None) -> None:
    assert as_tag(text) == tag


def test_a_tag_is_the_same_however_it_is_composed() -> None:
    """Bounds count what is composed."""
    tag = "\u00e9" * 40
    assert as_tag(unicodedata.normalize("NFD", tag)) == tag == as_tag(tag)
    assert as_tag(unicodedata.normalize("NFD", "\u00e9" * (MAX_TAG_CHARS + 1))) is None


@given(st.text(alphabet=st.characters(categories=["L", "N", "M", "P", "S", "Z"]), max_size=80))
def test_every_tag_of_a_caption_names_itself(text: str) -> None:
    """Whoever takes a tag from a post finds its page."""
    try:
        caption = normalised("#" + text, 0, 2200)
    except TextError:
        return
    for tag in tags_of(caption):
        assert as_tag(tag) == tag
        assert 1 <= len(tag) <= MAX_TAG_CHARS
        assert tags_of(f"#{tag}") == (tag,)
