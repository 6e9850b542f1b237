"""Request headers, read once: names as the server gives them (lower case bytes), values as text.

A header that is sent twice is joined with a comma, as RFC 9110 says, so that a second Authorization or
position makes the whole malformed instead of winning.
"""

from collections.abc import Iterable, Mapping

RawHeaders = Iterable[tuple[bytes, bytes]]
Headers = Mapping[bytes, str]


def read_headers(raw: RawHeaders) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for name, value in raw:
        text = value.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def raw_header(name: str, value: str) -> tuple[bytes, bytes]:
    """A response header. A line break in it is a mistake of ours, and would let a client write headers: it is
    not sent.
    """
    if not value.isprintable():
        raise ValueError(f"the value of {name} is not printable")
    return name.lower().encode("ascii"), value.encode("latin-1")
