"""Preparing a bucket, and what `check` says of one that is not as it has to be."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from stores.ports.errors import StoreError, UnavailableError
from stores.s3.bucket import SKEW_LIMIT_MS, check, prepare
from stores.s3.connection import S3Address, S3Connection
from tests.distributed.s3 import PAGES, address_of, bucket_of, remove
from tests.services.addresses import Addresses


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def address(addresses: Addresses) -> Iterator[S3Address]:
    with bucket_of(addresses) as found:
        yield found


@pytest.fixture
def connection(address: S3Address) -> Iterator[S3Connection]:
    made = S3Connection(address)
    yield made
    made.close()


def policy(bucket: str, action: str, *resources: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": [action],
        "Resource": [f"arn:aws:s3:::{bucket}{resource}" for resource in resources],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


async def test_a_prepared_bucket_has_no_problem_and_keeps_nothing_of_the_check(
    address: S3Address, connection: S3Connection
) -> None:
    assert await prepare(address, [PAGES, "https://other.example"]) == []
    assert await check(address, now_ms) == []
    assert list(connection.client.list_objects(address.bucket, recursive=True)) == []


async def test_preparing_again_repairs(address: S3Address, connection: S3Connection) -> None:
    connection.client.delete_bucket_policy(address.bucket)
    (line,) = await check(address, now_ms)
    assert line == "S3: public objects are not for everybody (403). `photolog migrate` allows it"
    await prepare(address, ["*"])
    assert await check(address, now_ms) == []


@pytest.mark.parametrize(
    ("action", "resources", "problem"),
    [
        ("s3:GetObject", ["/*"], "anybody can read what is in originals/"),
        ("s3:GetObject", ["/*"], "anybody can read what is in private/"),
        ("s3:ListBucket", [""], "anybody can list the public objects"),
    ],
)
async def test_a_bucket_that_is_too_open(
    address: S3Address, connection: S3Connection, action: str, resources: list[str], problem: str
) -> None:
    connection.client.set_bucket_policy(address.bucket, policy(address.bucket, action, *resources))
    assert any(problem in line for line in await check(address, now_ms))


async def test_a_bucket_that_is_not_there(addresses: Addresses) -> None:
    missing = address_of(addresses)
    (line,) = await check(missing, now_ms)
    assert line == f"S3: there is no bucket {missing.bucket}. `photolog migrate` makes it"
    connection = S3Connection(missing)
    assert not connection.client.bucket_exists(missing.bucket)
    connection.close()


async def test_a_bucket_in_another_region_of_this_store(addresses: Addresses) -> None:
    address = replace(address_of(addresses), region="eu-west-3")
    await prepare(address, ["*"])
    assert await check(address, now_ms) == []
    remove(address)


@pytest.mark.parametrize("keys", [("stackadmin", "wrong"), ("nobody", "wrong")])
async def test_keys_that_are_not_accepted(address: S3Address, keys: tuple[str, str]) -> None:
    refused = replace(address, access_key=keys[0], secret_key=keys[1])
    (line,) = await check(refused, now_ms)
    assert line.startswith(f"S3 at {address.endpoint}, bucket {address.bucket}: s3: AccessDenied")
    with pytest.raises(StoreError) as raised:
        await prepare(refused, ["*"])
    assert not isinstance(raised.value, UnavailableError)


async def test_nobody_there() -> None:
    away = S3Address("http://127.0.0.1:1", "http://127.0.0.1:1", "access", "secret")
    (line,) = await check(away, now_ms)
    assert line == "S3 at http://127.0.0.1:1, bucket photolog: s3: NewConnectionError"
    with pytest.raises(UnavailableError):
        await prepare(away, ["*"])


@pytest.mark.parametrize("away_ms", [-2 * SKEW_LIMIT_MS, 2 * SKEW_LIMIT_MS])
async def test_a_clock_that_is_wrong(address: S3Address, away_ms: int) -> None:
    (line,) = await check(address, lambda: now_ms() + away_ms)
    assert re.fullmatch(
        r"S3: its clock is -?1(19|20|21) s from ours; what is signed holds for minutes only", line
    )
