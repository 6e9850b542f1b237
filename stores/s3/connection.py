"""A way to the bucket: where it is, connections with short time-outs, threads to wait in, and what the store's errors mean.

Knows no keys and no rules about them.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError, MaxRetryError

from stores.ports.errors import StoreError, UnavailableError
from stores.ports.objects import ObjectMissingError

CONNECTIONS_COUNT = 8
REQUEST_LIMIT_S = 8
"""How long a call without a file takes at most, waiting for a thread included."""
TRANSFER_LIMIT_S = 60
"""How long a file may take in all: 140 kB/s for the largest photo."""
_TIMEOUT = urllib3.Timeout(connect=1, read=3)
_RETRIES = urllib3.Retry(1, redirect=False, respect_retry_after_header=False)
"""Once more, at once: the server may have closed a connection that was kept. Whoever is told to come back later does so, and not a
thread of ours, in which nobody else is served meanwhile.
"""

_PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_PASSING_CODES = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown"})
_LACKING = "XML element <"
"""How the client says what it misses in an answer."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class S3Address:
    """`endpoint` is where this process reaches the store, `public_endpoint` where clients do; both are `http(s)://host[:port]`.

    The region has to be known: a client without it asks the store before it signs anything.
    """

    endpoint: str
    public_endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    bucket: str = "photolog"
    region: str = "us-east-1"


class S3Connection:
    """`client` and `http` block and are called through `run` only. Opens nothing before that. Needs `close`."""

    def __init__(self, address: S3Address) -> None:
        endpoint = urlsplit(address.endpoint)
        self.http = urllib3.PoolManager(maxsize=CONNECTIONS_COUNT, timeout=_TIMEOUT, retries=_RETRIES)
        self.client = Minio(
            endpoint.netloc,
            address.access_key,
            address.secret_key,
            secure=endpoint.scheme == "https",
            region=address.region,
            http_client=self.http,
        )
        self._threads = ThreadPoolExecutor(CONNECTIONS_COUNT, "s3")

    async def run(self, work: Callable[[], T], limit_s: float = REQUEST_LIMIT_S) -> T:
        """What the work gives, done in a thread. Raises UnavailableError after `limit_s`; the thread ends by its own time-outs."""
        running = self._threads.submit(_translated, work)
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.wrap_future(running)
        except TimeoutError as error:
            raise UnavailableError(f"s3: no answer in {limit_s} s") from error

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.http.clear()


@contextmanager
def as_store_errors() -> Iterator[None]:
    """A key that is not there is ObjectMissingError; what may pass by itself, or cannot be read, UnavailableError; everything else
    StoreError.
    """
    try:
        yield
    except HTTPError as error:
        reason = error.reason if isinstance(error, MaxRetryError) else error
        raise UnavailableError(f"s3: {type(reason).__name__}") from error
    except MinioException as error:
        raise _meaning(error) from error
    except (ParseError, UnicodeDecodeError) as error:
        raise unreadable() from error
    except ValueError as error:
        if not str(error).startswith(_LACKING):
            raise
        raise unreadable() from error


def unreadable() -> StoreError:
    """A page of what stands before the store; or an error that came when success had been answered."""
    return UnavailableError("s3: an answer that cannot be read")


def failure(code: str, status: int) -> StoreError:
    passing = status in _PASSING_STATUSES or code in _PASSING_CODES
    return (UnavailableError if passing else StoreError)(f"s3: {code} ({status})")


def _translated(work: Callable[[], T]) -> T:
    with as_store_errors():
        return work()


def _meaning(error: MinioException) -> StoreError:
    match error:
        case S3Error(code="NoSuchKey"):
            return ObjectMissingError(error.object_name or error.resource)
        case S3Error():
            return failure(error.code or "no code", error.response.status)
        case ServerError():
            return failure("no code", error.status_code)
        case InvalidResponseError():
            return failure("no S3 answer", error._code)
        case _:
            return StoreError(f"s3: {type(error).__name__}")
