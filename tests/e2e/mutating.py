"""What becomes of a signed string in the wrong hands."""

from collections.abc import Iterator

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
JUNK = (
    "A", "AAAA", "0", "-1", "null", "{}", "[]", "%", "=", "====", "a.b.c", "../../etc/passwd", "' OR 1=1 --",
    "A" * 1023, "A" * 1024, "A" * 5000, "\u00e9", "\u202e", "a b", "1" * 43, "AAAA====", "\u0661",
)  # fmt: skip
"""Strings that nobody made."""


def mutants(text: str, step: int = 7) -> Iterator[str]:
    """The string with one character or one bit changed, cut, grown, turned around, and spelt otherwise."""
    for at in range(0, len(text), step):
        place = _ALPHABET.index(text[at])
        for bit in (1, 32):
            yield text[:at] + _ALPHABET[place ^ bit] + text[at + 1 :]
    last = _ALPHABET.index(text[-1])
    yield from (text[:-1] + _ALPHABET[last ^ bit] for bit in (1, 2, 4, 8, 16, 32))
    yield from (text[:length] for length in (1, 8, 21, 22, len(text) // 2, len(text) - 2, len(text) - 1))
    yield from (text + more for more in ("A", "=", "==", ".", "\n", " ", "AAAA", text))
    yield from (
        text[1:],
        text[::-1],
        text.swapcase(),
        text[:10] + "\n" + text[10:],
        f"{text[:10]} {text[10:]}",
    )
