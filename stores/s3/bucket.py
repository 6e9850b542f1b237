"""The bucket's own rules: who may read what without a signature, which pages may fetch and upload, what becomes of half an upload.

`prepare` makes it so and `check` says what is wrong. Neither knows media.
"""

import json
import secrets
from collections.abc import Callable, Collection, Sequence
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import get_args

from minio.commonconfig import ENABLED, Filter
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.helpers import md5sum_hash
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, LifecycleConfig, Rule
from minio.xml import Element, SubElement, getbytes

from events.ids import Clock
from stores.ports.errors import StoreError
from stores.ports.objects import Area
from stores.s3.connection import S3Address, S3Connection

SKEW_LIMIT_MS = 60_000
"""How far the store's clock may be from ours: uploads and URLs are signed for a few minutes."""
_LIMIT_S = 30
_METHODS = ("GET", "HEAD", "POST", "PUT")
_PREFLIGHT_VALID_S = 600
_UNKNOWN_CODES = frozenset({"NotImplemented", "MethodNotAllowed"})
_NO_MEDIA = 1
"""Ids that were given out are much larger."""


async def prepare(address: S3Address, cors_origins: Collection[str]) -> Sequence[str]:
    """The bucket is there with its rules; repeatable. Returns what this store cannot do by itself, one line each.

    Raises UnavailableError, or StoreError when the store refuses.
    """
    connection = S3Connection(address)
    try:
        return await connection.run(lambda: _prepare(connection, address, cors_origins), _LIMIT_S)
    finally:
        connection.close()


async def check(address: S3Address, clock: Clock) -> Sequence[str]:
    """What is wrong, one line each. Writes three small objects and deletes them."""
    found: list[str] = []
    connection = S3Connection(address)
    try:
        await connection.run(lambda: _look(connection, address, clock, found), _LIMIT_S)
    except StoreError as error:
        found.append(f"S3 at {address.endpoint}, bucket {address.bucket}: {error}")
    finally:
        connection.close()
    return found


def _prepare(connection: S3Connection, address: S3Address, cors_origins: Collection[str]) -> Sequence[str]:
    client, bucket = connection.client, address.bucket
    _make(connection, bucket)
    client.set_bucket_policy(bucket, _policy(bucket))
    attempts = {
        "S3 keeps no CORS rules for a bucket: allow the origins in the server's own settings": (
            lambda: _set_cors(connection, bucket, cors_origins)
        ),
        "S3 does not abort multipart uploads that were given up: do it from time to time": (
            lambda: client.set_bucket_lifecycle(bucket, _lifecycle())
        ),
    }
    return [lack for lack, attempt in attempts.items() if not _is_known(attempt)]


def _make(connection: S3Connection, bucket: str) -> None:
    if connection.client.bucket_exists(bucket):
        return
    try:
        connection.client.make_bucket(bucket)
    except S3Error as error:
        if error.code != "BucketAlreadyOwnedByYou":  # somebody else prepares it too
            raise


def _is_known(attempt: Callable[[], None]) -> bool:
    """Whether this store can do that at all."""
    try:
        attempt()
    except S3Error as error:
        if error.code not in _UNKNOWN_CODES:
            raise
        return False
    return True


def _policy(bucket: str) -> str:
    everybody_reads = {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/public/*"],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [everybody_reads]})


def _set_cors(connection: S3Connection, bucket: str, origins: Collection[str]) -> None:
    """The client library has no public call for this."""
    body = _cors(origins)
    headers: dict[str, str | list[str] | tuple[str]] = {"Content-MD5": str(md5sum_hash(body))}
    connection.client._execute("PUT", bucket, body=body, headers=headers, query_params={"cors": ""})


def _cors(origins: Collection[str]) -> bytes:
    configuration = Element("CORSConfiguration")
    rule = SubElement(configuration, "CORSRule")
    for origin in origins:
        SubElement(rule, "AllowedOrigin", origin)
    for method in _METHODS:
        SubElement(rule, "AllowedMethod", method)
    SubElement(rule, "AllowedHeader", "*")
    SubElement(rule, "ExposeHeader", "ETag")
    SubElement(rule, "MaxAgeSeconds", str(_PREFLIGHT_VALID_S))
    return getbytes(configuration)


def _lifecycle() -> LifecycleConfig:
    abort = AbortIncompleteMultipartUpload(days_after_initiation=1)
    everything = Filter(prefix="")
    return LifecycleConfig(
        [Rule(ENABLED, everything, "abort", abort_incomplete_multipart_upload=abort)],
    )


def _look(connection: S3Connection, address: S3Address, clock: Clock, found: list[str]) -> None:
    client, bucket = connection.client, address.bucket
    if not client.bucket_exists(bucket):
        found.append(f"S3: there is no bucket {bucket}. `photolog migrate` makes it")
        return
    url = f"{address.endpoint.rstrip('/')}/{bucket}"
    name = f"doctor-{secrets.token_urlsafe(16)}"
    keys: dict[Area, str] = {area: f"{area}/{_NO_MEDIA}/{name}" for area in get_args(Area)}
    try:
        for area, key in keys.items():
            client.put_object(bucket, key, BytesIO(b"photolog"), 8)
            found += _unlike(area, connection.http.request("GET", f"{url}/{key}").status)
        listing = connection.http.request("GET", f"{url}?list-type=2&prefix=public/")
        if listing.status == 200:
            found.append("S3: anybody can list the public objects, whose names must not be known")
        found += _skew(listing.headers.get("Date"), clock)
    finally:
        left = client.remove_objects(bucket, [DeleteObject(key) for key in keys.values()])
        found += [f"S3: objects cannot be deleted: {error.code}" for error in left][:1]


def _unlike(area: Area, status: int) -> list[str]:
    """The problem, if somebody without a signature got something else than this area allows."""
    if area == "public":
        migrate = "`photolog migrate` allows it"
        return [] if status == 200 else [f"S3: public objects are not for everybody ({status}). {migrate}"]
    return [] if status != 200 else [f"S3: anybody can read what is in {area}/"]


def _skew(date: str | None, clock: Clock) -> list[str]:
    """The problem, if the store's clock says something else than ours."""
    if date is None:
        return []
    away_ms = int(parsedate_to_datetime(date).timestamp() * 1000) - clock()
    if abs(away_ms) <= SKEW_LIMIT_MS:
        return []
    return [f"S3: its clock is {away_ms // 1000} s from ours; what is signed holds for minutes only"]
