"""Terms of any text at all: what is cut from a text is cut from a query for it."""

from hypothesis import given
from hypothesis import strategies as st

from events.tags import tags_of
from replay.oracle.texts import tags_in, terms_in, words_in
from stores.ports.terms import fold, name_words, query_terms, text_terms


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=60))
def test_a_text_is_found_by_itself_and_by_its_other_spellings(text: str) -> None:
    plain = text.replace("#", " ")
    terms = set(text_terms(plain))
    for query in (plain, plain.casefold(), f'"{plain.replace(chr(34), " ")}"'):
        wanted = query_terms(query)
        assert set(wanted) <= terms
        assert bool(wanted) == bool(terms)


@given(st.text(max_size=60))
def test_terms_can_be_stored_and_told_apart(text: str) -> None:
    for term in text_terms(text):
        assert term.count(" ") <= 1
        assert "\n" not in term
        assert not term.startswith("#")
        assert term < "\U0010ffff"


_TEXTS = st.text(max_size=80) | st.text("aAzé ıœ#_-.'’ัก海ひゲ\u0301\u0640\u200d\u05b8ºⅣ9the ", max_size=60)


@given(_TEXTS)
def test_they_are_what_the_oracle_says(text: str) -> None:
    assert text_terms(text) == terms_in(text)
    assert name_words(text) == words_in(text)
    assert tags_of(text) == tags_in(text)
