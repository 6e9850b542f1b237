"""User names and e-mail addresses: which ones there can be, which ones are the same, and their digests."""

import hmac
import re
import unicodedata

from events.names import NameKind
from stores.ports.names import Digest

USERNAME_PATTERN = "^[A-Za-z0-9._]{3,30}$"
EMAIL_MIN_CHARS = 3
EMAIL_MAX_CHARS = 254

_USERNAME = re.compile(USERNAME_PATTERN)


def username_form(text: str) -> str | None:
    """The user name in lower case; None for what cannot be one."""
    return text.lower() if _USERNAME.fullmatch(text) else None


def email_form(text: str) -> str | None:
    """The form in which two spellings of an address are one: NFC, the local part case folded, the domain in lower case.

    None for what cannot be an address: one `@` with something on either side, 3 to 254 characters in either form, no
    spaces, nothing that does not show. Whether mail arrives there only mail can tell.
    """
    local, _, domain = unicodedata.normalize("NFC", text).partition("@")
    form = unicodedata.normalize("NFC", f"{local.casefold()}@{domain.lower()}")
    if not local or not domain or "@" in domain or not form.isprintable() or " " in form:
        return None
    return form if all(EMAIL_MIN_CHARS <= len(one) <= EMAIL_MAX_CHARS for one in (text, form)) else None


def keyed_digest(key: bytes) -> Digest:
    """The key never changes: with another one, nobody's name would be found again."""

    def digest(kind: NameKind, name: str) -> str:
        return hmac.digest(key, f"{kind}:{name}".encode(), "sha256").hex()

    return digest
