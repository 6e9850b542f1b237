"""Tags: the words of a caption that begin with `#`.

A tag is `#` and up to 64 letters (with the marks that belong to them), digits or `_`, case folded. A longer run
is no tag. The folded form is the tag's only form: pages, search and the API know no other.
"""

import re
import unicodedata

MAX_TAGS = 30
"""In one caption. Commands are held to it; what is on the log is taken as it is."""

MAX_TAG_CHARS = 64
"""In code points, counted after folding."""

_GROWTH = 4
"""NFC makes no text shorter than a quarter."""
_RUN = re.compile(r"#([^#\s]+)")


def tags_of(caption: str) -> tuple[str, ...]:
    """The tags in the order of their first appearance, each once."""
    if "#" not in caption:
        return ()
    tags = (_folded(_leading(run)) for run in _RUN.findall(caption))
    return tuple(dict.fromkeys(tag for tag in tags if _fits(tag)))


def as_tag(text: str) -> str | None:
    """The tag that a text without `#` names, or None when it cannot be one."""
    if len(text) > MAX_TAG_CHARS * _GROWTH:
        return None
    text = unicodedata.normalize("NFC", text)
    if not text or len(text) > MAX_TAG_CHARS or _leading(text) != text:
        return None
    tag = _folded(text)
    return tag if _fits(tag) else None


def _leading(text: str) -> str:
    """What the text has of a tag at its beginning. A mark needs something to stand on."""
    for at, char in enumerate(text):
        if not (char == "_" or char.isalnum() or (at and unicodedata.category(char)[0] == "M")):
            return text[:at]
    return text


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


def _fits(tag: str) -> bool:
    return 1 <= len(tag) <= MAX_TAG_CHARS
