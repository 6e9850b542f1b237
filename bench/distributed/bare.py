"""The limit of accepted writes: what aiokafka's idempotent producer does, alone and behind a bare Starlette application.

As a program it serves `POST /write`, which reads a body, appends a message to the topic named in the second argument on the brokers
named in the first, and answers a small document when all replicas have it.
"""

import asyncio
import sys
import time
from itertools import count

import uvloop
from aiokafka import AIOKafkaProducer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.bare import serve

VALUE = b"x" * 400
"""About what a like takes with its headers."""


def producer(brokers: str) -> AIOKafkaProducer:
    """With the settings of Photolog's."""
    return AIOKafkaProducer(
        bootstrap_servers=brokers, enable_idempotence=True, acks="all", linger_ms=0, compression_type="lz4"
    )


async def appends_per_second(brokers: str, topic: str, together: int, seconds: float) -> float:
    """Messages per second when so many wait for their own acknowledgement at a time."""
    async with producer(brokers) as sending:
        keys = count()
        began = time.perf_counter()

        async def append() -> int:
            done = 0
            while time.perf_counter() - began < seconds:
                await sending.send_and_wait(topic, VALUE, key=b"%d" % next(keys))
                done += 1
            return done

        done = await asyncio.gather(*(append() for _ in range(together)))
        return sum(done) / (time.perf_counter() - began)


async def serve_appending(brokers: str, topic: str) -> None:
    async with producer(brokers) as sending:
        keys = count()

        async def write(request: Request) -> Response:
            await request.body()
            await sending.send_and_wait(topic, VALUE, key=b"%d" % next(keys))
            return Response(b'{"liked":true}', media_type="application/json")

        await serve(Starlette(routes=[Route("/write", write, methods=["POST"])]))


if __name__ == "__main__":
    uvloop.run(serve_appending(*sys.argv[1:]))
