"""Which tags and terms a text must have, told from what is promised about them, character by character.

Shares no code with what cuts texts for the views; only the stemmer of a single word is the same.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

from stores.ports.terms import stem

_WORDS_COUNT = 400
_WORD_CHARS = 40
_TAG_CHARS = 64
_FUNCTION_WORDS = """
a an and are as at be been but by d did do for from had has have he her his i if in into is it its l ll m me my no not of on or
our re s she so t than that the their them then there these they this those to ve was we were what when which who with you your
"""
_STOP_WORDS = frozenset(_FUNCTION_WORDS.split())
_PLAIN = {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"}
_IGNORED = (
    (0x0300, 0x036F), (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5), (0x05C7, 0x05C7),
    (0x0640, 0x0640), (0x064B, 0x0652), (0x0670, 0x0670), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C),
    (0x180B, 0x180F), (0x200C, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0x2066, 0x206F), (0xFEFF, 0xFEFF),
    (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Accents and vowel points, and what is not seen."""
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3041, 0x30FF), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFF), (0x30000, 0x3FFFF),
)  # fmt: skip
"""Scripts that are written without spaces: each character is a word."""


def tags_in(caption: str) -> tuple[str, ...]:
    """In the order of their first appearance."""
    runs = (run for chunk in caption.split() for run in chunk.split("#")[1:])
    folded = (unicodedata.normalize("NFC", _tag_part(run).casefold()) for run in runs)
    return _once(tag for tag in folded if 0 < len(tag) <= _TAG_CHARS)


def _tag_part(run: str) -> str:
    part = ""
    for char in run:
        if not (char == "_" or char.isalnum() or (part and _is_mark(char))):
            break
        part += char
    return part


def terms_in(text: str) -> tuple[str, ...]:
    """Stems of the words, and those of each two neighbours."""
    words = list(islice(_words(text), _WORDS_COUNT))
    stems = [stem(word) for word in words if word not in _STOP_WORDS] or [stem(word) for word in words]
    return _once([*stems, *(f"{one} {other}" for one, other in pairwise(stems))])


def words_in(name: str) -> tuple[str, ...]:
    """As people are found by them."""
    return _once(islice(_words(name), _WORDS_COUNT))


def _words(text: str) -> Iterator[str]:
    """`word` grows by what belongs to it; `grows` says whether a letter would."""
    word, grows = "", False
    for char in _compared(text):
        if _is_mark(char):
            word += char
        elif not char.isalnum():
            yield from _cut(word)
            word, grows = "", False
        elif _is_in(char, _UNSPACED):
            yield from _cut(word)
            word, grows = char, False
        elif grows or not word:
            word, grows = word + char, True
        else:
            yield from _cut(word)
            word, grows = char, True
    yield from _cut(word)


def _cut(word: str) -> Iterator[str]:
    if word:
        yield word[:_WORD_CHARS]


def _compared(text: str) -> str:
    """Without case, accents and whatever else makes no difference."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (_PLAIN.get(char, char) for char in decomposed if not _is_in(char, _IGNORED))
    return unicodedata.normalize("NFC", "".join(kept))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Mc", "Me")


def _is_in(char: str, ranges: Iterable[tuple[int, int]]) -> bool:
    return ord(char) > 0x7F and any(low <= ord(char) <= high for low, high in ranges)


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
