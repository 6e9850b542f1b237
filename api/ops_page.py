"""The operators' page as HTML: it needs no script, loads nothing, and refreshes itself. What is shown is escaped here."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from html import escape

from api.ops_chart import sparkline
from api.ops_state import Built, Done, OpsState, Parked, Standing, Verified

REFRESH_S = 5
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--line:#c8c8c8;--bad:#a40000;--good:#005a2b}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#161616;--line:#4a4a4a;--bad:#ff9c94;--good:#7fdca4}}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:1rem auto;padding:0 1rem;color:var(--ink);background:var(--paper)}
a{color:inherit}h2{margin:2rem 0 .5rem}section>div{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}caption{text-align:left;padding-bottom:.3rem}
th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top}
.number{text-align:right}.bad{color:var(--bad);font-weight:600}.good{color:var(--good)}
th,time,code{white-space:nowrap}code{font:14px/1.4 ui-monospace,monospace}progress{width:min(30rem,100%);height:1rem}
svg{display:block}polyline{fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round}
"""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src data:; "
    f"style-src 'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
_UNKNOWN = "<p class=bad>This could not be found out: what knows it does not answer.</p>"

Row = Sequence[str]
"""Cells of HTML; the first one says what the row is about."""


def page(state: OpsState, refreshes: bool) -> str:
    return "".join(_page(state, refreshes))


def _page(state: OpsState, refreshes: bool) -> Iterator[str]:
    yield '<!doctype html><html lang=en><meta charset=utf-8><title>Photolog operations</title><link rel=icon href="data:,">'
    yield "<meta name=viewport content='width=device-width'>"
    if refreshes:
        yield f"<meta http-equiv=refresh content={REFRESH_S}>"
    yield f"<style>{_STYLE}</style><main><h1>Photolog operations</h1><p>As of {_time(state.at_ms)}. "
    if refreshes:
        yield f"The page looks again every {REFRESH_S} seconds; <a href='?refresh=no'>stop that</a>.</p>"
    else:
        yield "The page stays as it is; <a href='?'>look again, and every few seconds</a>.</p>"
    yield from _section("Projections", _projections(state.standings))
    yield from _section("Replays", _builds(state.builds))
    yield from _section("Lag", _lag(state))
    yield from _section("Parked events", _parked(state.parked, state.parked_count))
    yield from _section("Certificates", _certificates(state.verified))
    yield from _section("Operations", _operations(state.done))
    yield "</main>"


def _projections(standings: Sequence[Standing] | None) -> Iterable[str]:
    if standings is None:
        return [_UNKNOWN]
    titles = ("projection", "generation", "state", "version", "#applied", "#behind", "#parked keys")
    return _table("Every generation, and where it stands, in events", titles, map(_standing, standings))


_STATES = {"live": "good", "broken": "bad"}


def _standing(it: Standing) -> Row:
    due = f" <span class=bad>rebuild due: <code>photolog replay {escape(it.projection)}</code></span>"
    state = f"<span class={_STATES.get(it.state, 'plain')}>{escape(it.state)}</span>"
    parked = f"<span class=bad>{it.parked_keys_count:,}</span>" if it.parked_keys_count else None
    return (
        escape(it.projection), str(it.generation), state + (due if it.is_rebuild_due else ""), str(it.version),
        _count(it.applied_count), _count(it.behind_count), parked or _count(it.parked_keys_count),
    )  # fmt: skip


def _builds(builds: Sequence[Built] | None) -> Iterator[str]:
    if builds is None:
        yield _UNKNOWN
    elif not builds:
        yield "<p>No generation is being built.</p>"
    for built in builds or ():
        told = _waiting(built) if built.state == "ready" else _progress(built)
        yield f"<p>{escape(built.projection)} {built.generation}: {told}</p>"


def _waiting(built: Built) -> str:
    behind = "" if built.behind_count is None else f", {built.behind_count:,} events behind"
    if built.is_replayed:
        return f"built, fed and being verified; not switched to{behind}"
    return f"built and fed; not switched to{behind}; {_goes_on(built)}"


def _goes_on(built: Built) -> str:
    on = f"<code>photolog replay {escape(built.projection)}</code> goes on"
    return on if built.is_replayed is not None else f"where nobody is at it, {on}"


def _progress(built: Built) -> str:
    if built.applied_count is None or built.behind_count is None:
        return "how far it is cannot be seen"
    done, total = built.applied_count, built.applied_count + built.behind_count
    label = f"Replay of {escape(built.projection)} {built.generation}"
    bar = f'<progress max={total or 1} value={done} aria-label="{label}"></progress>'
    return f"{done:,} of {total:,} events, {_pace(built)}<br>{bar}"


def _pace(built: Built) -> str:
    if built.events_per_s == 0 and built.is_replayed is False:
        return f"stands still; {_goes_on(built)}"
    if not built.events_per_s:
        return "how fast is not known yet"
    left = "" if built.left_s is None else f", {_duration(built.left_s)} left"
    return f"{built.events_per_s:,.0f}/s{left}"


def _lag(state: OpsState) -> Iterable[str]:
    yield f"<p>Events that live views had still to apply, as this process has seen it since {_time(state.since_ms)}, "
    yield f"in at most the last hour, every {state.apart_s:.0f} seconds. A gap is where it could not be seen.</p>"
    rows = (
        (escape(name), f"{looks[-1].behind_count:,}", f"{max(look.behind_count for look in looks):,}",
         _duration(looks[0].ago_s), sparkline(name, looks, state.apart_s))
        for name, looks in state.lag.items() if looks
    )  # fmt: skip
    yield from _table("Lag over time", ("projection", "#now", "#at most", "#within", "over time"), rows)


def _parked(parked: Sequence[Parked] | None, count: int) -> Iterable[str]:
    if parked is None:
        return [_UNKNOWN]
    if not parked:
        return ["<p>Nothing is parked.</p>"]
    titles = ("projection", "topic", "#partition", "#offset", "key", "reason")
    told = f"{count:,} events are parked; the first {len(parked):,}. What people wrote stays sealed"
    return _table(told, titles, map(_parked_event, parked))


def _parked_event(it: Parked) -> Row:
    name, retry = f"{escape(it.projection)} {it.generation}", " (will be tried again)" if it.retry else ""
    key = f"<code>{escape(it.key)}</code>"
    return name, escape(it.topic), str(it.partition), str(it.offset), key, escape(it.reason) + retry


def _certificates(verified: Sequence[Verified] | None) -> Iterable[str]:
    if verified is None:
        return [_UNKNOWN]
    if not verified:
        return ["<p>Nothing was verified yet; <code>photolog replay verify all</code> does.</p>"]
    titles = ("generation", "verified", "found", "#differences", "seal", "certificate")
    return _table(
        "Generations compared with what the log says, the newest first", titles, map(_verified, verified)
    )


def _verified(it: Verified) -> Row:
    verdict = f"<span class={_CLASSES.get(it.verdict, 'bad')}>{_VERDICTS[it.verdict]}</span>"
    file = "on the log" if it.file is None else f"<code>{escape(it.file)}</code>"
    seal = f"<code>{escape(it.seal[:12])}</code>"
    name = f"{escape(it.projection)} {it.generation}"
    return name, _time(it.at_ms), verdict, f"{it.differences_count:,}", seal, file


_CLASSES = {"equal": "good", "unknown": "plain"}
_VERDICTS = {
    "equal": "equal",
    "behind": "is behind",
    "incomplete": "lacks events",
    "faulty": "has faults",
    "different": "different",
    "unknown": "no differences, nothing known of faults",
    "changed": "changed after it was made",
    "unlisted": "the log knows nothing of it",
    "unreadable": "cannot be read",
}


def _operations(done: Sequence[Done] | None) -> Iterable[str]:
    if done is None:
        return [_UNKNOWN]
    if not done:
        return ["<p>Nobody did anything yet.</p>"]
    rows = (
        (f"{escape(it.projection)} {it.generation}", _time(it.at_ms), escape(it.what), escape(it.by or ""))
        for it in done
    )
    return _table("What operators did, the newest first", ("generation", "when", "what", "by"), rows)


def _section(title: str, content: Iterable[str]) -> Iterator[str]:
    name = title.lower().replace(" ", "-")
    yield f"<section id={name} aria-labelledby={name}-title><h2 id={name}-title>{title}</h2>"
    yield from content
    yield "</section>"


def _table(caption: str, titles: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Columns of numbers have a title that begins with #. What is wider than the window is moved, by keys too."""
    numbers = [title.startswith("#") for title in titles]
    yield f'<div role=region tabindex=0 aria-label="{escape(caption)}"><table><caption>{escape(caption)}</caption><thead><tr>'
    for title, number in zip(titles, numbers, strict=True):
        yield f"<th scope=col{_class(number)}>{escape(title.removeprefix('#'))}"
    yield "</thead><tbody>"
    for first, *rest in rows:
        yield f"<tr><th scope=row>{first}"
        for cell, number in zip(rest, numbers[1:], strict=True):
            yield f"<td{_class(number)}>{cell}"
    yield "</tbody></table></div>"


def _class(number: bool) -> str:
    return " class=number" if number else ""


def _count(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def _time(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at:%Y-%m-%d %H:%M:%S} UTC</time>'


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
