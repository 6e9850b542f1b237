"""Terms: how text is cut, for what is indexed and what is asked for."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from stores.ports.terms import (
    MAX_PREFIXES,
    MAX_QUERY_TERMS,
    MAX_WORD_CHARS,
    MAX_WORDS,
    is_pair,
    name_prefixes,
    name_words,
    query_terms,
    stem,
    text_terms,
    username_words,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("!? -- \U0001f305", ()),
        ("Running on the BEACH", ("run", "beach", "run beach")),
        ("red, red; red", ("red", "red red")),
        ("The Who", ("the", "who", "the who")),
        ("don't stop", ("don", "stop", "don stop")),
        ("l'été", ("ete",)),
        ("#golden_hour", ("golden", "hour", "golden hour")),
        ("route 66", ("rout", "66", "rout 66")),
        ("ｆｕｌｌ ②", ("full", "2", "full 2")),
        ("Straße ØRESUND İzmir", ("strass", "oresund", "izmir", "strass oresund", "oresund izmir")),
        ("soft\u00adhyphen", ("softhyphen",)),
        ("हिन्दी", ("हिन्दी",)),
        ("天気 iPhone", ("天", "気", "iphon", "天 気", "気 iphon")),
        ("ที่", ("ที่",)),
        ("\u304b\u3099", ("\u304c",)),
        ("مَدِينَة", ("مدينة",)),
    ],
)
def test_terms_of_a_text(text: str, terms: tuple[str, ...]) -> None:
    assert text_terms(text) == terms


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("", ()),
        ('"" # ?', ()),
        ("beaches Beach", ("beach",)),
        ("the red beach", ("red", "beach")),
        ("the who", ("the", "who")),
        ('"the who" live', ("live",)),
        ('"the who"', ("the who",)),
        ('"statue of liberty"', ("statu liberti",)),
        ("“golden hour” sea", ("golden hour", "sea")),
        ('"golden', ("golden",)),
        ('"golden" hour', ("golden", "hour")),
        ("#Sun_Set the sea", ("#sun_set", "sea")),
        ("#sun#moon", ("#sun", "#moon")),
        ("#Été", ("#été",)),
        ("#the", ("#the",)),
        ('"#sun sea"', ("sun sea",)),
        ("天気", ("天 気",)),
        ("天 気", ("天", "気")),
    ],
)
def test_terms_of_a_query(query: str, terms: tuple[str, ...]) -> None:
    assert query_terms(query) == terms


def test_names_are_neither_stemmed_nor_dropped() -> None:
    assert name_words("Zoë de los Ríos") == ("zoe", "de", "los", "rios")
    assert username_words("the.running_man") == ("the.running_man", "the", "running", "man")
    assert username_words("___") == ("___",)
    assert username_words("") == ()
    assert name_prefixes("@Ann Le Ann") == ("ann", "le")
    assert name_prefixes("ann.le") == ("ann", "le")
    assert name_prefixes("__") == ("__",)
    assert name_prefixes("%") == ()


def test_everything_is_bounded() -> None:
    many = " ".join(f"w{number}" for number in range(2_000))
    assert len(text_terms(many)) == 2 * MAX_WORDS - 1
    assert len(query_terms(many)) == MAX_QUERY_TERMS
    assert len(name_prefixes(many)) == MAX_PREFIXES
    assert text_terms("x" * 2_000) == query_terms("x" * 2_000) == ("x" * MAX_WORD_CHARS,)


def test_words_of_terms() -> None:
    assert [is_pair(term) for term in ("red", "#red", "red sky")] == [False, False, True]
    assert list(words_of("red sky")) == ["red", "sky"]
    assert list(words_of("#red")) == ["#red"]


def test_stems_are_the_same_in_every_thread() -> None:
    words = [
        f"{start}{end}" for start in ("run", "walk", "sing", "light") for end in ("s", "ing", "ers", "ings")
    ]
    alone = [stem(word) for word in words]
    stem.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            assert list(pool.map(stem, words)) == alone
            stem.cache_clear()


def test_text_that_grows_when_it_is_folded_stays_bounded() -> None:
    assert len(text_terms("\ufdfa" * 2_200)) < 2 * MAX_WORDS
