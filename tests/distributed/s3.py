"""Buckets of the real S3 store for one test module or one test. What a test leaves in it goes away with it."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from minio.deleteobjects import DeleteObject

from stores.s3.bucket import prepare
from stores.s3.connection import S3Address, S3Connection
from tests.services.addresses import Addresses

PAGES = "https://photos.example"
"""Where pages come from that may fetch and upload."""


def address_of(addresses: Addresses) -> S3Address:
    """A bucket that is not there."""
    name = f"test-{secrets.token_hex(8)}"
    return S3Address(
        addresses.s3, addresses.s3, addresses.s3_access_key, addresses.s3_secret_key, bucket=name
    )


@contextmanager
def bucket_of(addresses: Addresses) -> Iterator[S3Address]:
    """A bucket that is prepared."""
    address = address_of(addresses)
    asyncio.run(_prepared(address))
    try:
        yield address
    finally:
        empty(address)
        remove(address)


async def _prepared(address: S3Address) -> None:
    assert await prepare(address, [PAGES]) == []


def empty(address: S3Address) -> None:
    keys = [DeleteObject(key) for key in keys_in(address)]
    connection = S3Connection(address)
    assert list(connection.client.remove_objects(address.bucket, keys)) == []
    connection.close()


def keys_in(address: S3Address) -> list[str]:
    """Of everything, whatever it is."""
    connection = S3Connection(address)
    found = connection.client.list_objects(address.bucket, recursive=True)
    keys = [each.object_name for each in found if each.object_name]
    connection.close()
    return keys


def remove(address: S3Address) -> None:
    connection = S3Connection(address)
    connection.client.remove_bucket(address.bucket)
    connection.close()


def elsewhere(address: S3Address, port: int) -> S3Address:
    """The same store, reached through another port."""
    return replace(address, endpoint=f"http://127.0.0.1:{port}")
