"""Who is at the other end: the peer, or whom a trusted proxy says it speaks for.

`X-Forwarded-For` is read from right to left: each entry was added by the hop after it, so the first one that
is not a trusted proxy is the client, and what stands left of it may be invented. Without trusted proxies the
header is not looked at.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from api.headers import Headers

MAX_HOPS = 20
MAX_ADDRESS_CHARS = 64
_FORWARDED_FOR = b"x-forwarded-for"
_SIGNS_OF_A_PROXY = (_FORWARDED_FOR, b"forwarded", b"x-real-ip", b"via")

UNKNOWN = "unknown"

Address = IPv4Address | IPv6Address


@lru_cache(maxsize=4096)
def read_address(text: str) -> Address | None:
    """An address as a proxy may write it, perhaps with a port; IPv4 inside IPv6 becomes IPv4."""
    text = text.strip()[:MAX_ADDRESS_CHARS]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def _canonical(text: str) -> str:
    address = read_address(text)
    return UNKNOWN if address is None else str(address)


class Addresses:
    """`trusted` are networks such as `10.0.0.0/8` whose forwarded addresses are believed."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._trusted = [ip_network(network) for network in trusted]

    def client(self, scope: Scope, headers: Headers) -> str:
        """The client's address as text; `UNKNOWN` where the server names no peer."""
        client = scope.get("client")
        if not client:
            return UNKNOWN
        if not self._trusted:
            return _canonical(str(client[0]))
        peer = _peer(scope)
        return UNKNOWN if peer is None else str(self._behind_proxies(peer, headers))

    def is_loopback(self, scope: Scope, headers: Headers) -> bool:
        """A client on this machine itself; not those for whom a proxy on this machine speaks."""
        peer = _peer(scope)
        if peer is None or not peer.is_loopback:
            return False
        return not any(name in headers for name in _SIGNS_OF_A_PROXY)

    def _behind_proxies(self, peer: Address, headers: Headers) -> Address:
        client = peer
        hops = headers.get(_FORWARDED_FOR, "").rsplit(",", MAX_HOPS)[-MAX_HOPS:]
        while hops and self._is_trusted(client):
            forwarded = read_address(hops.pop())
            if forwarded is None:
                break
            client = forwarded
        return client

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted if network.version == address.version)


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return read_address(str(client[0])) if client else None


def limited_as(address: str) -> str:
    """What stands for a client in its limits: an IPv6 client usually has a whole /64 to choose addresses
    from.
    """
    parsed = read_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False))
    return address
