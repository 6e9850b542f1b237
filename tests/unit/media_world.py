"""Media from declaration to removal on real stores in a folder, with a clock that tests turn and a process that dies
where they say.

Views catch up when somebody waits for them, so everything happens in one thread and in one order.
"""

import os
from collections.abc import AsyncIterator, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from events.codec import Record, decode
from events.envelope import Envelope
from events.ids import Ids, system_clock
from events.media import MediaAttached, MediaDeleted
from events.posts import PostCreated, PostDeleted, PostEdited, Visibility
from events.topics import TOPICS
from producers.command import Command
from producers.journal import Journal
from producers.media import Declaration, complete_media, declare_media
from producers.reactors.media import media_reactors
from producers.reactors.reactor import Runner
from producers.reactors.world import World
from projectors.accounts import ACCOUNTS
from projectors.media import MEDIA
from projectors.step import Step
from projectors.timelines import TIMELINES
from stores.files.objects import FilesObjects
from stores.ports.log import Partition, Positions
from stores.ports.media import Media
from stores.ports.objects import Area, UploadGrant
from stores.ports.pictures import Expected, PicturesUnavailableError, Rejected, Rendered, RenditionFile
from stores.ports.views import Views
from stores.sqlite.accounts import SqliteAccounts
from stores.sqlite.database import Database
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.log import SqliteLog
from stores.sqlite.media import SqliteMedia
from stores.sqlite.reactor_positions import SqliteReactorPositions
from stores.sqlite.state import open_state
from stores.sqlite.timelines import SqliteTimelines

OWNER = 11
CONTENT = b"the bytes of a photo"
NAMES = ("thumb", "large")


class DiedError(Exception):
    """The process has died here."""


class Fate:
    """Counts seams, before and after each effect that reactors have on the world; dies at every `period`th, first at `first`."""

    def __init__(self) -> None:
        self.first = self.period = 0
        self.death_count = 0
        self.is_reacting = False
        self._seam_count = 0

    def step(self) -> None:
        if self.is_reacting and self.period:
            self._seam_count += 1
            if self._seam_count % self.period == self.first:
                self.death_count += 1
                raise DiedError


class MortalObjects(FilesObjects):
    fate = Fate()

    async def put(self, key: str, source: Path, content_type: str) -> None:
        self.fate.step()
        await super().put(key, source, content_type)
        self.fate.step()

    async def copy(self, from_key: str, to_key: str) -> None:
        self.fate.step()
        await super().copy(from_key, to_key)
        self.fate.step()

    async def delete(self, keys: Collection[str]) -> None:
        for key in keys:
            self.fate.step()
            await super().delete([key])
            self.fate.step()


class MortalLog(SqliteLog):
    fate = Fate()

    @property
    def database(self) -> Database:
        return self._database

    async def append(self, records: Sequence[Record]) -> Positions:
        self.fate.step()
        positions = await super().append(records)
        self.fate.step()
        return positions


class MortalPositions(SqliteReactorPositions):
    fate = Fate()

    async def advance(self, reactor: str, partition: Partition, offset: int) -> None:
        self.fate.step()
        await super().advance(reactor, partition, offset)
        self.fate.step()


class MadePictures:
    """Two renditions for everything that does not begin with "bad"."""

    def __init__(self) -> None:
        self.failures = 0
        self.seen: list[Expected] = []

    async def render(self, original: Path, expected: Expected, target: Path) -> Rendered | Rejected:
        self.seen.append(expected)
        if self.failures:
            self.failures -= 1
            raise PicturesUnavailableError("no memory")
        data = original.read_bytes()  # noqa: ASYNC240 - a few bytes
        if data.startswith(b"bad"):
            return Rejected("corrupt")
        for name in NAMES:
            (target / name).write_bytes(name.encode() + data)
        files = {name: RenditionFile(name, 10, 20, "image/webp", len(name) + len(data)) for name in NAMES}
        return Rendered(100, 200, "LKO2", cast(Any, files))

    async def close(self) -> None:
        pass


class DrainingProgress:
    """Waiting is catching up."""

    def __init__(self, steps: Sequence[Step[Any]]) -> None:
        self._steps = {step.projection.name: step for step in steps}

    async def reached(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
        for name in projections:
            while await self._steps[name].catch_up():
                pass
        return True


class MediaWorld:
    def __init__(self, folder: Path) -> None:
        self.now_ms = system_clock()  # the disk's
        self.folder = folder
        self.root = folder / "objects"
        self.work = folder / "work"
        for path in (self.root, self.work):
            path.mkdir(exist_ok=True)
        self.ids = Ids(1, lambda: self.now_ms)
        self.pictures = MadePictures()
        self.fate = Fate()
        self.state: Database = open_state(folder / "state.db")
        self.keys = SqliteKeys(self.state)
        self.log = MortalLog(folder / "log.db")
        self.journal = Journal(self.log, self.keys)
        self.media_view = SqliteMedia(folder / "media.db")
        self.timelines = SqliteTimelines(folder / "timelines.db")
        self.accounts = SqliteAccounts(folder / "accounts.db")
        steps: list[Step[Any]] = [
            Step(MEDIA, self.media_view, self.log, self.keys),
            Step(TIMELINES, self.timelines, self.log, self.keys),
            Step(ACCOUNTS, self.accounts, self.log, self.keys),
        ]
        self.progress = DrainingProgress(steps)
        self.objects = MortalObjects(self.root, b"k" * 32)
        self.positions = MortalPositions(self.state)
        self.objects.fate = self.log.fate = self.positions.fate = self.fate
        nothing: Any = None
        self.views = Views(
            names=nothing,
            accounts=self.accounts,
            graph=nothing,
            timelines=self.timelines,
            media=self.media_view,
            feeds=nothing,
            likes=nothing,
            comments=nothing,
            saves=nothing,
            search=nothing,
        )
        for file in (self.state, self.log.database):  # these processes die, the machine does not
            file.writer.execute("PRAGMA synchronous = OFF")
        self.runners = self.new_runners()

    def clock(self) -> int:
        return self.now_ms

    def new_runners(self) -> list[Runner]:
        world = World(
            self.journal, self.log, self.progress, lambda: self.views, self.objects, self.ids, self.clock
        )
        reactors = media_reactors(world, self.pictures, self.work)
        return [
            Runner(reactor, self.log, self.keys, self.positions, self.clock, self.wait)
            for reactor in reactors
        ]

    async def wait(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)

    def close(self) -> None:
        for closing in (self.media_view, self.timelines, self.accounts, self.log, self.state):
            closing.close()

    def pass_ms(self, ms: int) -> None:
        """Time passes, for what is stored too."""
        self.now_ms += ms
        for path in self.files():
            found = path.stat()
            os.utime(path, (found.st_atime, found.st_mtime - ms / 1000))

    def files(self) -> list[Path]:
        return [path for path in self.root.rglob("*") if path.is_file()]

    async def react(self) -> None:
        """Every reactor does everything that is due."""
        end = None
        while end != (end := await self.log.ends(TOPICS)):
            for runner in self.runners:
                await runner.catch_up()

    async def survive(self) -> None:
        """Reacts until everything is done, starting again as a new process wherever fate has it die."""
        died = False
        self.fate.is_reacting = True
        try:
            await self.react()
        except* DiedError:
            died = True
        finally:
            self.fate.is_reacting = False
        if died:
            self.runners = self.new_runners()
            await self.survive()

    def command(self) -> Command:
        return Command(OWNER, self.now_ms, self.ids.next(), self.ids)

    async def declared(self, content: bytes = CONTENT) -> Media:
        await self.keys.create(OWNER)
        declaration = Declaration("image/png", len(content), "ab" * 32)
        media_id = self.ids.next()
        return (
            await declare_media(self.journal, self.views.media, self.command(), media_id, declaration)
        ).value

    async def sent(self, content: bytes = CONTENT) -> Media:
        media = await self.declared(content)
        await self.send(media, content)
        return media

    async def send(self, media: Media, content: bytes = CONTENT) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield content

        await self.objects.receive(UploadGrant(media.object_key, media.content_type, len(content)), chunks())

    async def uploaded(self, content: bytes = CONTENT) -> Media:
        media = await self.sent(content)
        return (await complete_media(self.journal, self.objects, self.command(), media)).value

    async def posted(self, media: Media, visibility: Visibility = "public") -> int:
        await self.attach(media, post_id := self.ids.next())
        created = PostCreated(
            **self.command().stamp(),
            post_id=post_id,
            author_id=OWNER,
            media_ids=(media.media_id,),
            visibility=visibility,
        )
        await self.journal.append(created)
        return post_id

    async def attach(self, media: Media, post_id: int) -> None:
        stamp = self.command().stamp()
        attached = partial(MediaAttached, media_id=media.media_id, owner_id=OWNER)
        await self.journal.append(attached(**stamp, attached_kind="post", attached_id=post_id))

    async def show(self, post_id: int, visibility: Visibility) -> None:
        stamp = self.command().stamp()
        edited = PostEdited(
            **stamp, post_id=post_id, author_id=OWNER, changed=("visibility",), visibility=visibility
        )
        await self.journal.append(edited)

    async def delete_post(self, post_id: int) -> None:
        await self.journal.append(PostDeleted(**self.command().stamp(), post_id=post_id, author_id=OWNER))

    async def delete(self, media: Media) -> None:
        stamp = self.command().stamp()
        await self.journal.append(MediaDeleted(**stamp, media_id=media.media_id, owner_id=OWNER))

    async def now(self, media: Media) -> Media | None:
        """The media as it is."""
        await self.progress.reached(("media",), {}, 0)
        return (await self.views.media.media([media.media_id])).get(media.media_id)

    async def stored(self, media: Media) -> set[str]:
        """Every key of the media under which something is stored."""
        areas: tuple[Area, ...] = ("originals", "private", "public")
        return {found.key for area in areas for found in await self.objects.list(area, media.media_id)}

    async def events(self) -> list[Envelope]:
        """Everything on the log, by id."""
        found: list[Envelope] = []
        for partition in await self.log.ends(TOPICS):
            for entry in await self.log.read(partition, 0, 1_000):
                event = decode(entry.record, await self.keys.get([entry.record.subject_id]))
                assert isinstance(event, Envelope)
                found.append(event)
        return sorted(found, key=lambda event: event.id)
