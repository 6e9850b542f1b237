"""The operators' page: everything is there, nothing of it is markup, and it stands where nothing is known."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from api.ops_chart import sparkline
from api.ops_page import page
from api.ops_state import Built, Done, Look, OpsState, Parked, Standing, Verified
from tests.unit.api_app import NOW_MS

HOSTILE = """<script>alert("'&amp;'")</script>'"><img src=x onerror=y>"""
EMPTY = OpsState(NOW_MS, NOW_MS - 60_000, 5.0, (), (), {}, (), 0, (), ())
UNKNOWN = OpsState(NOW_MS, NOW_MS, 5.0, None, None, {}, None, 0, None, None)
BUILT = Built("likes", 2, "building", True, 250, 750, 50.0, 15.0)
LIVE = Standing("likes", 1, 1, "live", False, 1_234, 5, 0)


class Reader(HTMLParser):
    """What a browser would make of the page, near enough: elements with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(state: OpsState, *, refreshes: bool = True) -> Reader:
    return Reader(page(state, refreshes))


def hostile_state() -> OpsState:
    return OpsState(
        NOW_MS,
        NOW_MS,
        5.0,
        [Standing(HOSTILE, 1, 1, HOSTILE, True, 1, 1, 1)],
        [
            Built(HOSTILE, 2, state, False, 1, 1, rate, None)
            for state in ("building", "ready")
            for rate in (None, 0.0, 3.0)
        ],
        {HOSTILE: [Look(0.0, 1)]},
        [Parked(HOSTILE, 1, HOSTILE, 0, 7, HOSTILE, HOSTILE, True)],
        1,
        [Verified(NOW_MS, HOSTILE, 1, "equal", 0, HOSTILE, HOSTILE)],
        [Done(NOW_MS, HOSTILE, 1, HOSTILE, HOSTILE)],
    )


def test_hostile_text_is_text() -> None:
    found = read(hostile_state())
    assert {tag for tag, _ in found.elements} & {"script", "img"} == set()
    assert found.text.count(HOSTILE) > 8
    assert not any("onerror" in attributes for _, attributes in found.elements)
    assert found.all("progress")[0]["aria-label"] == f"Replay of {HOSTILE} 2"
    assert (found.all("svg")[0]["aria-label"] or "").startswith(f"Lag of {HOSTILE}:")


def test_an_empty_system() -> None:
    found = read(EMPTY)
    for said in (
        "No generation is being built.",
        "Nothing is parked.",
        "Nothing was verified yet",
        "Nobody did anything",
    ):
        assert said in found.text
    assert "could not be found out" not in found.text
    assert "2027-01-15 08:00:00 UTC" in found.text
    assert "since 2027-01-15 07:59:00 UTC" in found.text


def test_what_is_not_known_is_said() -> None:
    found = read(UNKNOWN)
    assert found.text.count("This could not be found out") == 5
    assert "No generation" not in found.text
    assert "Nothing is parked" not in found.text


def test_generations_and_where_they_stand() -> None:
    found = read(
        replace(EMPTY, standings=[LIVE, replace(LIVE, generation=2, state="retired", applied_count=None)])
    )
    assert "1,234" in found.text
    assert "retired" in found.text
    assert "–" in found.text
    assert "rebuild due" not in found.text
    due = read(replace(EMPTY, standings=[replace(LIVE, is_rebuild_due=True, parked_keys_count=3)]))
    assert "rebuild due: photolog replay likes" in due.text


@pytest.mark.parametrize(
    ("built", "said"),
    [
        (BUILT, "likes 2: 250 of 1,000 events, 50/s, 0:00:15 left"),
        (replace(BUILT, events_per_s=None), "250 of 1,000 events, how fast is not known yet"),
        (
            replace(BUILT, events_per_s=0.0, is_replayed=False),
            "stands still; photolog replay likes goes on",
        ),
        (replace(BUILT, events_per_s=0.0), "250 of 1,000 events, how fast is not known yet"),
        (replace(BUILT, events_per_s=0.0, is_replayed=None), "how fast is not known yet"),
    ],
)
def test_a_running_build(built: Built, said: str) -> None:
    found = read(replace(EMPTY, builds=[built]))
    assert said in found.text
    [bar] = found.all("progress")
    assert (bar["value"], bar["max"], bar["aria-label"]) == ("250", "1000", "Replay of likes 2")


def test_a_build_that_cannot_be_seen() -> None:
    found = read(replace(EMPTY, builds=[replace(BUILT, applied_count=None)]))
    assert "likes 2: how far it is cannot be seen" in found.text
    assert found.all("progress") == []
    assert (
        read(replace(EMPTY, builds=[replace(BUILT, applied_count=0, behind_count=0)])).all("progress")[0][
            "max"
        ]
        == "1"
    )


@pytest.mark.parametrize(
    ("is_replayed", "said"),
    [
        (True, "likes 2: built, fed and being verified; not switched to, 7 events behind"),
        (False, "likes 2: built and fed; not switched to, 7 events behind; photolog replay likes goes on"),
        (None, "7 events behind; where nobody is at it, photolog replay likes goes on"),
    ],
)
def test_what_is_built_and_not_switched_to(is_replayed: bool | None, said: str) -> None:
    built = replace(BUILT, state="ready", is_replayed=is_replayed, behind_count=7)
    found = read(replace(EMPTY, builds=[built]))
    assert said in found.text
    assert "No generation is being built" not in found.text


def test_parked_events() -> None:
    parked = [Parked("likes", 1, "photolog.engagement", 3, 41, "77", "TypeError: cannot be applied", False)]
    found = read(
        replace(EMPTY, parked=[*parked, replace(parked[0], offset=42, retry=True)], parked_count=900)
    )
    assert "900 events are parked; the first 2" in found.text
    for said in (
        "photolog.engagement",
        "41",
        "42",
        "77",
        "TypeError: cannot be applied",
        "(will be tried again)",
    ):
        assert said in found.text


_OTHERS: tuple[Any, ...] = ("behind", "incomplete", "faulty", "unknown", "unlisted")


def test_certificates_and_operations() -> None:
    verified = Verified(NOW_MS, "likes", 2, "different", 3, "ab" * 32, "likes.2.1.json")
    others = [replace(verified, verdict="changed"), replace(verified, verdict="equal", file=None)]
    others += [replace(verified, verdict=each) for each in _OTHERS]
    done = Done(NOW_MS, "likes", 2, "generation switched from 1", "release 12")
    found = read(replace(EMPTY, verified=[verified, *others], done=[done]))
    for said in ("different", "likes.2.1.json", "abababababab", "changed after it was made", "equal", "on the log",
                 "generation switched from 1", "release 12"):  # fmt: skip
        assert said in found.text
    for said in (
        "is behind",
        "lacks events",
        "has faults",
        "nothing known of faults",
        "the log knows nothing of it",
    ):
        assert said in found.text
    assert "ab" * 7 not in found.text
    assert len([each for each in found.all("span") if each == {"class": "good"}]) == 1


def test_whoever_hears_or_moves_by_keys_finds_the_way() -> None:
    state = replace(hostile_state(), standings=[LIVE])
    found = read(state)
    tables = found.all("table")
    assert len(tables) == len(found.all("caption")) == 5
    assert all(header.get("scope") in ("col", "row") for header in found.all("th"))
    assert (
        len([each for each in found.all("div") if each == {**each, "role": "region", "tabindex": "0"}]) == 5
    )
    ids = {attributes["id"] for _, attributes in found.elements if "id" in attributes}
    assert {section["aria-labelledby"] for section in found.all("section")} <= ids
    assert all(svg["role"] == "img" for svg in found.all("svg"))


def test_it_refreshes_itself_until_it_is_told_not_to() -> None:
    assert {"http-equiv": "refresh", "content": "5"} in read(EMPTY).all("meta")
    assert {"href": "?refresh=no"} in read(EMPTY).all("a")
    still = read(EMPTY, refreshes=False)
    assert [meta for meta in still.all("meta") if "http-equiv" in meta] == []
    assert {"href": "?"} in still.all("a")


def test_it_runs_nothing_and_has_no_style_of_its_own_in_elements() -> None:
    found = read(hostile_state())
    assert not any("style" in attributes for _, attributes in found.elements)
    assert not any(name.startswith("on") for _, attributes in found.elements for name in attributes)


def points(looks: Sequence[Look]) -> list[list[tuple[float, float]]]:
    lines = re.findall(r'points="([^"]+)"', sparkline("likes", looks, 5.0))
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in lines]  # type: ignore[misc]


def test_lag_is_drawn_from_left_to_right_up_to_now() -> None:
    [line] = points([Look(20.0, 0), Look(15.0, 8), Look(10.0, 4), Look(5.0, 0), Look(0.0, 0)])
    assert line == [(0.0, 32.0), (60.0, 0.0), (120.0, 16.0), (180.0, 32.0), (240.0, 32.0)]


def test_what_was_not_seen_is_a_gap() -> None:
    assert len(points([Look(100.0, 1), Look(95.0, 1), Look(20.0, 1), Look(15.0, 1), Look(0.0, 1)])) == 2


def test_one_look_is_a_dot() -> None:
    assert points([Look(0.0, 0)]) == [[(240.0, 32.0), (240.0, 32.0)]]


def test_a_peak_is_kept_among_many_looks() -> None:
    looks = [Look(3600.0 - 5 * number, 999 if number == 333 else 1) for number in range(721)]
    [line] = points(looks)
    assert len(line) <= 121
    assert min(y for _, y in line) == 0.0
    assert "999 at most" in sparkline("likes", looks, 5.0)
    assert [x for x, _ in line] == sorted(x for x, _ in line)
