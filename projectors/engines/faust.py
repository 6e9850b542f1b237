"""The Faust engine: delivers what is appended to the topics of one projection, from the partitions that this process was given.

What must not be lost is safe in Faust when events are not acknowledged by themselves, one agent takes them, and the whole process
ends when something raises. What was applied is known by the views alone; the group's offsets only say where a delivery begins.
Whatever has come while a batch was handed on is the next batch: one event on a quiet evening, thousands when there is much to do.
The only module that knows Faust.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any

import faust
from faust.contrib.asgi import bind_to_running_loop
from faust.exceptions import ConsumerNotStarted
from mode import CrashingSupervisor

from projectors.step import ALONE_BATCH_COUNT
from stores.ports.cancelling import cancellation_heeded
from stores.ports.log import Entry

_COMMIT_EVERY_S = 2.0
_METADATA_MAX_AGE_MS = 10_000
"""Whoever divides the partitions may know of none, right after a broker has come back: they are divided anew when it knows."""
_SESSION_S = 10.0
"""For so long nobody feeds the partitions of a worker that was killed. One that was only slow, and was taken for dead, costs a
change of partitions and nothing else: what it still writes is stamped with offsets, and loses.
"""
_STOP_WITHIN_S = 20.0

Deliver = Callable[[Sequence[Entry]], Awaitable[None]]
"""Returns when nobody needs the entries any more."""
ToEntry = Callable[[Any], Entry]
"""From a message with `topic`, `partition`, `offset`, `key`, `value` and `headers`."""


class FaustEngine:
    """`brokers` are host:port, separated by commas. `group` is the consumers' group: the same for every process that shares in the
    work. `topics` are the names that they have on the cluster; they must exist.
    """

    def __init__(
        self,
        brokers: str,
        group: str,
        topics: Sequence[str],
        to_entry: ToEntry,
        deliver: Deliver,
        assigned: Callable[[], None],
    ) -> None:
        self._group, self._brokers, self._topics = group, brokers, topics
        self._to_entry, self._deliver, self._assigned = to_entry, deliver, assigned
        self._folder: AbstractContextManager[str] = tempfile.TemporaryDirectory(prefix="photolog-")
        self._app: Any = None

    def owned(self) -> Collection[tuple[str, int]]:
        """(topic, number) of the partitions that this process was given, by the cluster's names."""
        consumer = self._app.consumer if self._app is not None and self._app.started else None
        try:
            return [] if consumer is None else [(at.topic, at.partition) for at in consumer.assignment()]
        except ConsumerNotStarted:  # its thread is about to be
            return []

    async def run(self) -> None:
        """Until it is cancelled, or raises what has broken it."""
        with self._folder as folder:
            self._app = self._make(folder)
            bind_to_running_loop(self._app)
            self._app.finalize()
            try:  # one that is cancelled while it starts has threads already, without whose end the process does not end
                with cancellation_heeded():
                    await self._app.start()
                await self._app.wait_until_stopped()
                raise self._app.crash_reason or RuntimeError("Faust has stopped by itself")
            finally:
                async with asyncio.timeout(_STOP_WITHIN_S):
                    await self._app.stop()

    async def _hand_on(self, stream: Any, come: "asyncio.Queue[Any]") -> None:
        while True:
            events = [await come.get()]
            while not come.empty() and len(events) < ALONE_BATCH_COUNT:
                events.append(come.get_nowait())
            await self._deliver([self._to_entry(event.message) for event in events])
            for event in events:
                await stream.ack(event)

    def _make(self, folder: str) -> Any:
        app = faust.App(
            self._group,
            broker=";".join(f"kafka://{broker}" for broker in self._brokers.split(",")),
            datadir=folder,
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            table_standby_replicas=0,
            stream_wait_empty=False,
            agent_supervisor=CrashingSupervisor,
            broker_commit_interval=_COMMIT_EVERY_S,
            broker_session_timeout=_SESSION_S,
            consumer_auto_offset_reset="earliest",
            consumer_metadata_max_age_ms=_METADATA_MAX_AGE_MS,
        )
        topic = app.topic(
            *self._topics, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
        )

        async def feed(stream: Any) -> None:
            come: asyncio.Queue[Any] = asyncio.Queue(ALONE_BATCH_COUNT)
            async with asyncio.TaskGroup() as tasks:
                handing_on = tasks.create_task(self._hand_on(stream, come))
                async for event in stream.noack().events():
                    await come.put(event)
                handing_on.cancel()

        async def on_assigned(*_given: Any, **_named: Any) -> None:
            self._assigned()

        app.agent(topic, name=f"{self._group}.feed", concurrency=1)(feed)
        app.on_partitions_assigned.connect(on_assigned, weak=False)
        return app
