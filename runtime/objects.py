"""Where a distributed system keeps its objects, as the settings say."""

from runtime.settings import Settings
from stores.s3.connection import S3Address
from stores.s3.objects import S3Objects


def s3_objects(settings: Settings) -> S3Objects:
    """Needs `close`."""
    return S3Objects(s3_address(settings), settings.media_base_url)


def s3_address(settings: Settings) -> S3Address:
    return S3Address(
        endpoint=settings.s3,
        public_endpoint=settings.s3_public or settings.s3,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        bucket=settings.namespace,
    )
