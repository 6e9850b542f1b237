"""Lag over time as a small picture: a line of SVG, with gaps where nothing was seen."""

from collections.abc import Iterator, Sequence
from html import escape

from api.ops_state import Look

_WIDTH, _HEIGHT = 240, 32
_PLACES = 120
"""Looks are gathered to so many, each the greatest of them: a peak is never smoothed away."""


def sparkline(name: str, looks: Sequence[Look], apart_s: float) -> str:
    """Time goes to the right, to now; the height is the greatest lag there was. Looks much more than `apart_s` seconds apart are
    not joined.
    """
    span_s, top = max(look.ago_s for look in looks), max(look.behind_count for look in looks)
    told = f"Lag of {name}: {looks[-1].behind_count:,} events now, {top:,} at most"
    lines = _lines(_gathered(looks, span_s), span_s, top, max(apart_s, span_s / _PLACES))
    return (
        f'<svg role="img" aria-label="{escape(told)}" viewBox="-2 -2 {_WIDTH + 4} {_HEIGHT + 4}" '
        f'width="{_WIDTH}" height="{_HEIGHT}">{"".join(lines)}</svg>'
    )


def _gathered(looks: Sequence[Look], span_s: float) -> list[Look]:
    found: dict[int, Look] = {}
    for look in looks:
        place = round(look.ago_s / span_s * _PLACES) if span_s else 0
        if place not in found or look.behind_count >= found[place].behind_count:
            found[place] = look
    return list(found.values())


def _lines(looks: Sequence[Look], span_s: float, top: int, apart_s: float) -> Iterator[str]:
    points: list[str] = []
    before_s = looks[0].ago_s
    for look in looks:
        if before_s - look.ago_s > 3 * apart_s:
            yield _line(points)
            points = []
        x = _WIDTH * (1 - look.ago_s / span_s) if span_s else _WIDTH
        y = _HEIGHT * (1 - look.behind_count / top) if top else _HEIGHT
        points.append(f"{x:.1f},{y:.1f}")
        before_s = look.ago_s
    yield _line(points)


def _line(points: Sequence[str]) -> str:
    """One point alone is drawn as a dot."""
    drawn = points if len(points) > 1 else [*points, *points]
    return f'<polyline points="{" ".join(drawn)}"/>'
