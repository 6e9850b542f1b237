"""A bucket of a view as a server may lose it: emptied, or put back to how it was some time ago."""

from collections.abc import Sequence

from redis.asyncio import Redis

Snapshot = Sequence[tuple[bytes, bytes]]
"""Keys and what they hold, as the server dumps it."""


async def keys_of(redis: Redis, bucket: bytes) -> list[bytes]:
    return [key async for key in redis.scan_iter(match=bucket + b":*", count=1_000)]


async def empty(redis: Redis, bucket: bytes) -> None:
    await put_back(redis, bucket, ())


async def snapshot(redis: Redis, bucket: bytes) -> Snapshot:
    taken = [(key, await redis.dump(key)) for key in await keys_of(redis, bucket)]
    return [(key, value) for key, value in taken if value is not None]


async def put_back(redis: Redis, bucket: bytes, taken: Snapshot) -> None:
    """In one transaction: the bucket is never seen half."""
    keys = await keys_of(redis, bucket)
    async with redis.pipeline() as pipeline:
        for key in keys:
            pipeline.delete(key)
        for key, value in taken:
            pipeline.restore(key, 0, value)
        await pipeline.execute()
