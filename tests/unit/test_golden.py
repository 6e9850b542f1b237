"""What was once written to the log can be read for ever, and is written the same way today."""

import re

import pytest

from events.catalogue import BY_TYPE, EVENTS
from events.codec import decode
from events.envelope import Envelope
from events.sealing import DESTROYED
from tests.golden.examples import KEY, examples
from tests.golden.records import FOLDER, encoded, file_of, read

_FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.type)
def test_bytes_are_unchanged(kind: type[Envelope]) -> None:
    golden = read(file_of(kind, kind.version))
    assert [encoded(event) for event in examples()[kind]] == golden
    assert [decode(record, {record.subject_id: KEY}) for record in golden] == list(examples()[kind])


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.type)
def test_every_version_has_its_bytes(kind: type[Envelope]) -> None:
    for version in range(1, kind.version + 1):
        for record in read(file_of(kind, version)):
            assert record.version == version
            assert isinstance(decode(record, {record.subject_id: KEY}), kind)


@pytest.mark.parametrize("kind", [kind for kind in EVENTS if kind.personal], ids=lambda kind: kind.type)
def test_a_destroyed_key_leaves_the_defaults(kind: type[Envelope]) -> None:
    for record, event in zip(read(file_of(kind, kind.version)), examples()[kind], strict=True):
        redacted = decode(record, {record.subject_id: DESTROYED})
        defaults = {name: kind.model_fields[name].default for name in kind.personal}
        assert redacted == event.model_copy(update=defaults)


def test_no_file_stands_for_nothing() -> None:
    names = [re.fullmatch(r"(.+)\.v(\d+)\.json", file.name) for file in _FILES]
    assert all(name and int(name[2]) <= BY_TYPE[name[1]].version for name in names)


@pytest.mark.parametrize("kind", [kind for kind in EVENTS if kind.personal], ids=lambda kind: kind.type)
def test_nothing_personal_is_readable_on_the_log(kind: type[Envelope]) -> None:
    full = examples()[kind][0]
    value = encoded(full).value
    for name in kind.personal:
        said = getattr(full, name)
        texts = (
            [said]
            if isinstance(said, str)
            else [text for text in said.model_dump().values() if isinstance(text, str)]
        )
        assert texts
        for text in texts:
            assert text.encode()[:8] not in value
