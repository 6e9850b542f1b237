"""The log as anybody reads it, with a plain consumer and nothing of ours but the names of the topics."""

from runtime.settings import Settings
from stores.kafka.names import logical
from tests.e2e.aftermath import Offset, Told
from tests.e2e.topics import messages, topics_of


async def check_bare(settings: Settings, found: Told) -> None:
    """Each offset is there once, with the same key, value and id; what is unreadable to us has nothing but a place."""
    found_there = await messages(settings.kafka, topics_of(settings.namespace))
    places = [
        ((logical(settings.namespace, each.topic), each.partition), each.offset) for each in found_there
    ]
    assert len(set(places)) == len(places)
    ours = {(entry.partition, entry.offset): entry.record for entry in found.entries}
    assert set(places) == ours.keys(), set(places) ^ ours.keys()
    assert _last(places) == {at: end for at, end in found.ends.items() if end >= 0}
    unreadable = {(entry.partition, entry.offset) for entry in found.unreadable}
    said = {
        place: (message.key, message.value, dict(message.headers)["ce_id"])
        for place, message in zip(places, found_there, strict=True)
        if place not in unreadable
    }
    assert said == {at: (ours[at].key.encode(), ours[at].value, b"%d" % ours[at].id) for at in said}
    assert said.keys() == found.at.keys()


def _last(places: list[Offset]) -> dict[tuple[str, int], int]:
    return dict(sorted(places))
