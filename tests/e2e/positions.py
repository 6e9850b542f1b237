"""What answers stated of the log, held against it: each `Photolog-Position` names the place of what was written, and what one
client wrote in one partition, one after the other, stands there in that order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stores.ports.log import Partition
from tests.e2e.aftermath import Offset, Told
from tests.e2e.ledger import MADE, Acknowledgement, Ledger, Thing, Value
from tests.e2e.reckoning import act_of, made_by

Open = Callable[[str], Mapping[Partition, int]]


@dataclass(frozen=True)
class _Written:
    """What the events on the log did, each at its place; and where each thing was made."""

    acts: Mapping[Offset, tuple[Thing, Value]]
    made_at: Mapping[Thing, Offset]


def check_positions(ledger: Ledger, found: Told, opened: Open) -> None:
    written = _written(found)
    last: dict[tuple[str, Partition], int] = {}
    claimed: set[Offset] = set()
    for said in ledger.acknowledgements:
        partition, offset = place = _place(said, written, opened)
        assert place not in claimed, said
        claimed.add(place)
        if said.is_exact:  # else it may have been there since the first request
            assert offset > last.get((said.client, partition), -1), said
            last[said.client, partition] = offset


def _written(found: Told) -> _Written:
    made_at = {thing: place for place, event in found.at.items() if (thing := made_by(event)) is not None}
    acts = {place: did for place, event in found.at.items() if (did := act_of(event)) is not None}
    return _Written({**acts, **{place: (thing, MADE) for thing, place in made_at.items()}}, made_at)


def _place(said: Acknowledgement, written: _Written, opened: Open) -> Offset:
    """Where it stands. An answer to the first request states no other place in its partition than that; one to a repeated request
    may state a later one.
    """
    stated = opened(said.stated)
    if said.is_exact:
        carried = opened(said.carried) if said.carried else {}
        fresh = [place for place in stated.items() if place[1] > carried.get(place[0], -1)]
        acts = {place: written.acts[place] for place in fresh if place in written.acts}
        assert list(acts.values()) == [(said.thing, said.value)], (said, fresh, acts)
        return next(iter(acts))
    place = written.made_at[said.thing]
    assert stated.get(place[0], -1) >= place[1], (said, stated, place)
    return place
