"""Terms: what text is cut into so that it can be found. Pure, and the same for what is indexed and what is asked for.

- *Folded*: compatibility forms, case, accents and invisible characters make no difference. Accents are those of Latin, Greek and
  Cyrillic, and the optional vowel signs of Arabic and Hebrew; marks that make another letter (Indic, Thai, Japanese) stay.
- *Cut*: a word is a run of letters, digits and marks. Scripts written without spaces are cut into single characters; a run of
  them in a query has to be found in that order, which the pairs below make possible.
- *Stop words* are dropped, unless a text has no other words: then all of its words stay.
- *Stemmed* by the English stemmer when made of a-z alone. The language of a text is not known, and stemming is a function of the
  word: in every language a word finds itself, and in English also its other forms. One term a word is enough for that.
- *Pairs*: two neighbours in what is left make a term of their own, so that a phrase can be asked for.

Terms of words hold no space, those of pairs hold exactly one, those of tags begin with `#`. Everything is bounded: words beyond
the bounds cannot be found. A change of any of this, or of the stemmer, is a new version of the search projection.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, groupby, islice, pairwise

from snowballstemmer.english_stemmer import EnglishStemmer  # type: ignore[import-untyped]

from events.tags import tags_of

MAX_WORDS = 400
"""Words of one text that are looked at; an English caption of the greatest length has about as many."""
MAX_WORD_CHARS = 40
MAX_QUERY_TERMS = 32
MAX_PREFIXES = 8

_FUNCTION_WORDS = """
a an and are as at be been but by d did do for from had has have he her his i if in into is it its l ll m me my no not of on or
our re s she so t than that the their them then there these they this those to ve was we were what when which who with you your
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())
"""English function words, and what is left of contractions and elisions when they are cut at the apostrophe."""

_DROPPED = re.compile(
    "[\u0300-\u036f"  # accents, after decomposition
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670"  # points of Hebrew and Arabic
    "\u00ad\u034f\u061c\u180b-\u180f\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"  # invisible
    "\u20d0-\u20ff\ufe00-\ufe0f\U000e0000-\U000e0fff]+"  # keycaps, variants, emoji tags
)
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters that people type without their stroke or ligature, and that Unicode does not decompose."""
_ASCII_WORD = re.compile("[a-z0-9]+")
_STEMMED = re.compile("[a-z]{3,}")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, kana and Han."""
_QUOTED = re.compile('"([^"]*)"')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"'})

_english = EnglishStemmer()
_stemming = threading.Lock()


def text_terms(text: str) -> tuple[str, ...]:
    """The terms of a caption or a place's name: its words, then its pairs, each once."""
    words = list(islice(chain.from_iterable(_runs(fold(text))), MAX_WORDS))
    kept = [stem(word) for word in words if word not in STOP_WORDS] or [stem(word) for word in words]
    return _each_once([*kept, *_pairs(kept)])


def query_terms(query: str) -> tuple[str, ...]:
    """The terms that a post must have: every word, every `#tag`, and the neighbours in every `"phrase"`."""
    tags: list[str] = []
    groups: list[Sequence[str]] = []
    for place, part in enumerate(_QUOTED.split(query.translate(_QUOTES))):
        if place % 2:
            groups.append(list(chain.from_iterable(_runs(fold(part)))))
            continue
        for chunk in part.split():
            found = tags_of(chunk) if chunk.startswith("#") else ()
            tags += map(tag_term, found)
            groups += () if found else _runs(fold(chunk))
    kept = [[word for word in group if word not in STOP_WORDS] for group in groups]
    chosen = kept if tags or any(kept) else groups
    return _each_once([*tags, *chain.from_iterable(map(_required, chosen))])[:MAX_QUERY_TERMS]


def tag_term(tag: str) -> str:
    return "#" + tag


def words_of(term: str) -> Sequence[str]:
    """The terms that every text with this one has besides: the words of a pair; the term itself if it is none."""
    return term.split(" ")


def is_pair(term: str) -> bool:
    return " " in term


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, to be found by their beginnings: neither stemmed nor dropped."""
    return _each_once(islice(chain.from_iterable(_runs(fold(name))), MAX_WORDS))


def username_words(username: str) -> tuple[str, ...]:
    """A user name is found by the beginning of the whole of it, too."""
    return _each_once([username, *name_words(username)]) if username else ()


def name_prefixes(query: str) -> tuple[str, ...]:
    """What a user's words must begin with. A query of dots and underscores alone can only mean a user name."""
    return name_words(query)[:MAX_PREFIXES] or _each_once(re.findall("[._]+", query))[:MAX_PREFIXES]


def fold(text: str) -> str:
    """The form in which texts are compared."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _DROPPED.sub("", decomposed).translate(_LETTERS))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stemmer keeps its word in itself, and queries are cut in another thread than events."""
    if not _STEMMED.fullmatch(word):
        return word
    with _stemming:
        stemmed: str = _english.stemWord(word)
    return stemmed


def _runs(folded: str) -> list[list[str]]:
    """The words of each run of characters that nothing separates; more than one only in scripts without spaces."""
    if folded.isascii():
        return [[word[:MAX_WORD_CHARS]] for word in _ASCII_WORD.findall(folded)]
    return [_units("".join(run)) for is_word, run in groupby(folded, _in_word) if is_word]


def _in_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def _units(run: str) -> list[str]:
    units: list[str] = []
    after_spaced = False
    for character in run:
        is_mark = unicodedata.category(character)[0] == "M"
        is_spaced = not _UNSPACED.match(character)
        if units and (is_mark or (is_spaced and after_spaced)):
            units[-1] += character
        else:
            units.append(character)
        after_spaced = after_spaced if is_mark else is_spaced
    return [unit[:MAX_WORD_CHARS] for unit in units]


def _required(group: Sequence[str]) -> list[str]:
    """A group stands together: its pairs imply its words."""
    stems = [stem(word) for word in group]
    return _pairs(stems) or stems


def _pairs(words: Sequence[str]) -> list[str]:
    return [f"{one} {other}" for one, other in pairwise(words)]


def _each_once(terms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(terms))
