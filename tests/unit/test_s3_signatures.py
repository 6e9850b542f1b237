"""What is signed for an S3 store: the same as its client library signs, without asking anybody."""

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from minio import Minio
from minio.signer import post_presign_v4

from stores.ports.objects import CACHE_CONTROL, SIGNED_VALID_MS, UPLOAD_VALID_MS, Audience
from stores.s3.connection import S3Address
from stores.s3.objects import S3Objects
from stores.s3.signatures import Signatures
from tests.contract.objects import KEY, MOVED, NOW_MS

ADDRESS = S3Address(
    endpoint="http://store:8333",
    public_endpoint="https://media.example:9000",
    access_key="access/key",
    secret_key="secret",
    bucket="photos",
    region="eu-west-3",
)
SECOND_MS = 1000


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize("audience", ["private", "public"])
def test_the_library_signs_the_same(audience: Audience) -> None:
    made = Signatures(ADDRESS).fetch(KEY, audience, NOW_MS)
    library = Minio(
        "media.example:9000", ADDRESS.access_key, ADDRESS.secret_key, secure=True, region=ADDRESS.region
    )
    signed_at = datetime.strptime(query(made)["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    expected = library.get_presigned_url(
        "GET",
        ADDRESS.bucket,
        KEY,
        timedelta(milliseconds=SIGNED_VALID_MS),
        response_headers={"response-cache-control": CACHE_CONTROL[audience]},
        request_date=signed_at,
    )
    assert query(made) == query(expected)
    assert made.partition("?")[0] == expected.partition("?")[0]


def test_a_form_is_signed_as_the_library_does() -> None:
    fields, expires_at_ms = Signatures(ADDRESS).upload("originals/7/original", "image/png", 1234, NOW_MS)
    at = datetime.fromtimestamp(NOW_MS // 1000, UTC)
    signature = post_presign_v4(fields["policy"], ADDRESS.secret_key, at, ADDRESS.region)
    assert fields["x-amz-signature"] == signature
    policy = json.loads(base64.b64decode(fields["policy"]))
    assert expires_at_ms == NOW_MS + UPLOAD_VALID_MS
    assert policy["expiration"] == f"{at + timedelta(milliseconds=UPLOAD_VALID_MS):%Y-%m-%dT%H:%M:%SZ}"
    assert {"bucket": "photos"} in policy["conditions"]
    assert ["content-length-range", 1234, 1234] in policy["conditions"]
    unsigned = set(fields) - {"policy", "x-amz-signature"}
    assert all({name: fields[name]} in policy["conditions"] for name in unsigned)


def test_a_url_stays_the_same_for_half_of_its_time_and_never_lives_longer() -> None:
    signatures = Signatures(ADDRESS)
    window_ms = SIGNED_VALID_MS // 2
    start = NOW_MS // window_ms * window_ms
    urls = {signatures.fetch(KEY, "private", now) for now in range(start, start + window_ms, 9_999)}
    assert len(urls) == 1
    assert signatures.fetch(KEY, "private", start + window_ms) not in urls
    for now_ms in range(NOW_MS, NOW_MS + SIGNED_VALID_MS, 7_001):
        named = query(signatures.fetch(KEY, "private", now_ms))
        began = datetime.strptime(named["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        ends_ms = int((began.timestamp() + int(named["X-Amz-Expires"])) * 1000)
        assert now_ms + window_ms - SECOND_MS <= ends_ms <= now_ms + SIGNED_VALID_MS


def test_the_day_changes_and_so_does_the_key() -> None:
    midnight_ms = 20_833 * 86_400_000
    before, after = (Signatures(ADDRESS).fetch(KEY, "private", at) for at in (midnight_ms - 1, midnight_ms))
    assert query(before)["X-Amz-Credential"] != query(after)["X-Amz-Credential"]


def test_addresses_are_those_of_clients() -> None:
    objects = S3Objects(ADDRESS)
    assert objects.public_url(MOVED) == f"https://media.example:9000/photos/{MOVED}"
    assert objects.signed_url(KEY, NOW_MS).startswith(f"https://media.example:9000/photos/{KEY}?")
    assert (
        S3Objects(ADDRESS, "https://cdn.example/").public_url(MOVED) == f"https://cdn.example/photos/{MOVED}"
    )


def test_nobody_gets_a_url_to_an_original() -> None:
    for key in ("originals/7/original", "private/7/../8/a", "elsewhere/7/a"):
        with pytest.raises(ValueError):
            S3Objects(ADDRESS).signed_url(key, NOW_MS)


def test_the_secret_is_not_shown() -> None:
    assert "secret'" not in repr(ADDRESS)


@pytest.mark.parametrize("endpoint", ["media.example", "https://media.example/s3", "ftp://media.example"])
def test_what_is_no_origin_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError):
        Signatures(S3Address("http://store:8333", endpoint, "access", "secret"))
