"""What it would take to run Photolog for two billion accounts: the tables of `docs/capacity.md`, computed from measured figures.

`python -m bench.capacity` writes them into the document, between its marks. `bench/figures.json` is what
`make bench-distributed` says with `--json`; what is assumed and not measured stands in `bench/planning.py`.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from bench.fan_out_simulation import SEED, THRESHOLDS, Outcome, Sample, simulate
from bench.measured import shown_ratio
from bench.planning import Assumed, Figures, needed, power_of_two
from stores.cassandra.buckets import BUCKETS_COUNT
from stores.redis.feeds import CAP

FIGURES = Path(__file__).with_name("figures.json")
DOCUMENT = Path(__file__).parents[1] / "docs/capacity.md"
_MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

PAGES = "first feed page"
WRITES = "accepted writes (like), 32 at once"
FAN_OUT = "fan-out, mean 39 followers, feeds full at 800"
TOLD = "posts told to buckets without followers"
LIKES = "likes counted exactly, Zipf 1.1 over 5,000 posts"
MERGED = "timelines merged into pages"


Table = Callable[[Figures, Assumed], str]


def basis(figures: Figures, assumed: Assumed) -> str:
    """Whether the figures were measured, and how."""
    return f"**{figures.basis}**\n"


def measured(figures: Figures, assumed: Assumed) -> str:
    columns = ("what", "figure", "against", "that did", "ratio", "aim")
    return _markdown(columns, [_measurement(one) for one in figures.all])


def _measurement(one: Mapping[str, Any]) -> tuple[str, ...]:
    limit = "" if one["limit_median"] is None else f"{one['limit_median']:,.0f}"
    ratio = shown_ratio(one["ratio"])
    return one["what"], f"{_rounded(one['median'])} {one['unit']}", one["against"], limit, ratio, one["aim"]


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def processes(figures: Figures, assumed: Assumed) -> str:
    writes = assumed.likes_per_s + assumed.world.posts_per_s * assumed.requests_per_post
    deliveries = _at_default(assumed).deliveries_per_s
    told = assumed.world.posts_per_s * _feed_buckets(figures, assumed)
    wanted = (
        ("API, pages", assumed.reads_per_s, figures.of(PAGES), "pages"),
        ("API, writes", writes, figures.of(WRITES), "writes"),
        ("workers, likes", assumed.likes_per_s, figures.of(LIKES), "likes"),
        ("workers, feeds: deliveries", deliveries, figures.of(FAN_OUT), "deliveries"),
        ("workers, feeds: posts told to every bucket", told, figures.of(TOLD), "told"),
    )
    rows = [
        (what, f"{rate:,.0f} {unit}", f"{each:,.0f}", f"{needed(rate, each, assumed):,}")
        for what, rate, each, unit in wanted
    ]
    return _markdown(("processes", "a second, mean", "one process", "processes"), rows)


def log(figures: Figures, assumed: Assumed) -> str:
    posts = assumed.world.posts_per_s
    photos = posts * assumed.photos_per_post * assumed.events_per_photo
    feeds = _at_default(assumed).deliveries_per_s
    workers = {
        "engagement": needed(assumed.likes_per_s, figures.of(LIKES), assumed),
        "posts": needed(feeds, figures.of(FAN_OUT), assumed)
        + needed(posts * _feed_buckets(figures, assumed), figures.of(TOLD), assumed),
    }
    rows = []
    for topic, rate in (("engagement", assumed.likes_per_s), ("posts", posts), ("media", photos)):
        size = figures.of(f"an event of {topic}, Kafka")
        a_year = rate * size * 365 * 86_400 * assumed.copies
        partitions = power_of_two(2 * workers.get(topic, 8))
        rows.append((topic, f"{rate:,.0f}", f"{size:,.0f}", f"{partitions:,}", f"{a_year / 1e12:,.1f} TB"))
    columns = ("topic", "events a second", "bytes an event", "partitions", f"a year, {assumed.copies} copies")
    return _markdown(columns, rows)


def redis(figures: Figures, assumed: Assumed) -> str:
    readers = assumed.world.accounts_count * assumed.world.active
    rows = []
    for cap in (CAP, 400, 200):
        size = _reader_bytes(figures, assumed, cap)
        nodes = math.ceil(readers * size * assumed.redis_copies / assumed.redis_node_bytes)
        rows.append((f"{cap}", f"{size / 1e3:,.0f} kB", f"{readers * size / 1e12:,.0f} TB", f"{nodes:,}"))
    columns = (
        "entries in a feed",
        "a reader",
        f"{readers / 1e9:.0f} billion readers, one copy",
        f"nodes of {assumed.redis_node_bytes / 1e9:.0f} GB, {assumed.redis_copies} copies",
    )
    return _markdown(columns, rows)


def cassandra(figures: Figures, assumed: Assumed) -> str:
    posts = assumed.world.posts_per_s
    kept = (
        ("a like", assumed.likes_per_s),
        ("a post", posts),
        ("a photo", posts * assumed.photos_per_post),
    )
    rows, total = [], 0.0
    for what, rate in kept:
        size = figures.of(f"{what}, Cassandra")
        a_year = rate * size * 365 * 86_400 * assumed.copies
        total += a_year
        rows.append(
            (what, f"{rate:,.0f}", f"{size:,.0f}", f"{a_year / 1e12:,.1f} TB", _nodes(a_year, assumed))
        )
    edges = assumed.world.accounts_count * assumed.world.mean_followers
    size = figures.of("a follow, Cassandra")
    follows = edges * size * assumed.copies
    rows.append(
        ("a follow, all there are", "", f"{size:,.0f}", f"{follows / 1e12:,.1f} TB", _nodes(follows, assumed))
    )
    rows.append(("together", "", "", f"{(total + follows) / 1e12:,.1f} TB", _nodes(total + follows, assumed)))
    node = f"nodes of {assumed.cassandra_node_bytes / 1e12:.0f} TB"
    return _markdown(("row", "a second", "bytes", f"a year, {assumed.copies} copies", node), rows)


def partitions(figures: Figures, assumed: Assumed) -> str:
    """The largest; what Cassandra is happy with ends at about 100 MB."""
    like = figures.of("a like, Cassandra")
    follow = figures.of("a follow, Cassandra")
    largest = (
        ("likers of a post with 50 million likes", 50e6 / BUCKETS_COUNT, like / 3),
        ("followers of the account with most", assumed.world.most_followers / BUCKETS_COUNT, follow / 3),
        (
            "posts of an author who posts 10 times a day for 10 years",
            36_500,
            figures.of("a post, Cassandra") / 2,
        ),
        ("whom a user follows", float(assumed.world.most_followed), follow / 3),
    )
    rows = [
        (what, f"{count:,.0f}", f"{size:,.0f}", f"{count * size / 1e6:,.1f} MB")
        for what, count, size in largest
    ]
    return _markdown(("partition", "rows", "bytes a row, about", "size"), rows)


def media(figures: Figures, assumed: Assumed) -> str:
    a_day = assumed.media_bytes_per_day
    rows = [
        ("written", f"{a_day / 86_400 / 1e9:,.1f} GB a second"),
        (
            "of one photo, renditions included",
            f"{a_day / 86_400 / assumed.world.posts_per_s / assumed.photos_per_post / 1e6:,.1f} MB",
        ),
        ("a year, one copy", f"{a_day * 365 / 1e15:,.0f} PB"),
        ("a year, erasure coding 10 + 4", f"{a_day * 365 * 1.4 / 1e15:,.0f} PB"),
        ("through the API", "0 bytes"),
    ]
    return _markdown(("media", ""), rows)


def celebrities(figures: Figures, assumed: Assumed) -> str:
    rows = []
    for outcome in _outcomes(assumed):
        merges = assumed.reads_per_s * outcome.merged_mean
        push = needed(outcome.deliveries_per_s, figures.of(FAN_OUT), assumed)
        merge = needed(merges, figures.of(MERGED), assumed)
        stall = outcome.longest / figures.of(FAN_OUT)
        rows.append(
            (
                "none" if outcome.threshold > assumed.world.most_followers else f"{outcome.threshold:,.0f}",
                f"{outcome.celebrities_count:,.0f}",
                f"{outcome.deliveries_per_s:,.0f}",
                f"{push:,}",
                f"{outcome.merged_mean:.1f} ({outcome.merged_p99})",
                f"{merge:,}",
                _duration(stall),
            )
        )
    columns = (
        "threshold", "celebrities", "deliveries a second", "workers for them", "merged into a page: mean (p99)",
        "API processes for that", "one post keeps its partition busy for",
    )  # fmt: skip
    return _markdown(columns, rows)


TABLES: Mapping[str, Table] = {
    table.__name__: table
    for table in (basis, measured, processes, log, redis, cassandra, partitions, media, celebrities)
}


@cache
def _outcomes(assumed: Assumed) -> list[Outcome]:
    return simulate(assumed.world, Sample(), THRESHOLDS, SEED)


def _at_default(assumed: Assumed) -> Outcome:
    return next(outcome for outcome in _outcomes(assumed) if outcome.threshold == 100_000)


def _reader_bytes(figures: Figures, assumed: Assumed, cap: int) -> float:
    """A full feed is cut when it is an eighth longer than its cap: half of that is there in the mean."""
    entries = cap * (1 + 1 / 16) * figures.of("an entry of a full feed, Redis")
    edges = figures.of("a followed author, Redis") + figures.of("a follower, Redis")
    return entries + assumed.world.mean_followers * edges


def _feed_buckets(figures: Figures, assumed: Assumed) -> int:
    """One for each master, so that they can be moved; a power of two."""
    readers = assumed.world.accounts_count * assumed.world.active
    return power_of_two(readers * _reader_bytes(figures, assumed, CAP) / assumed.redis_node_bytes)


def _nodes(size: float, assumed: Assumed) -> str:
    return f"{math.ceil(size / assumed.cassandra_node_bytes):,}"


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 100 else f"{seconds / 60:,.0f} min"


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    numbers = "---|" + "---:|" * (len(columns) - 1)
    return "\n".join(
        [f"| {' | '.join(columns)} |", f"|{numbers}", *(f"| {' | '.join(row)} |" for row in rows), ""]
    )


def filled(document: str, figures: Figures, assumed: Assumed) -> str:
    """The document with its tables as they are now. Raises KeyError for a table that there is not."""
    return _MARKED.sub(lambda found: found[1] + TABLES[found[2]](figures, assumed) + found[3], document)


def main() -> None:
    figures = Figures(orjson.loads(FIGURES.read_bytes()))
    DOCUMENT.write_text(filled(DOCUMENT.read_text(), figures, Assumed()))


if __name__ == "__main__":
    main()
