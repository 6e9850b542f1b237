"""What the people of the demo do: who follows whom, what they post, like, say and save. Decided here, done elsewhere.

Pure, and the same for the same seed. People are numbers: their places in the list of people; the lower, the more popular.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, cycle
from random import Random

from events.media import FilterName
from events.posts import Place
from runtime.demo.subjects import SUBJECTS
from stores.pillow.scenery import Scene


@dataclass(frozen=True, slots=True)
class Photo:
    scene: Scene
    seed: int
    width: int
    height: int
    alt_text: str
    filter: FilterName


@dataclass(frozen=True, slots=True)
class Said:
    person: int
    text: str


@dataclass(frozen=True, slots=True)
class Post:
    """Its caption is the only one of its kind of this author: by it a post is found again."""

    author: int
    photos: tuple[Photo, ...]
    caption: str
    place: Place | None
    likers: tuple[int, ...]
    comments: tuple[Said, ...]
    savers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Story:
    follows: tuple[tuple[int, int], ...]
    """(follower, followed)"""
    posts: tuple[Post, ...]


_SCENES: Sequence[Scene] = tuple(SUBJECTS)
_REPLIES = (
    "This light!", "Where is this?", "I need to go there.", "Wow, those colours.", "So peaceful.", "What lens did you use?",
    "This is my new wallpaper.", "You always find these places.", "Take me with you next time.", "Calm just from looking at it.",
)  # fmt: skip
_FILTERS: Sequence[FilterName] = ("none", "none", "none", "warm", "cool", "vivid", "fade", "mono")
_FRAMES = ((1440, 1080), (1440, 1080), (1080, 1350), (1200, 1200))


def story(people_count: int, posts_count: int, seed: int) -> Story:
    """A few people are followed by nearly all and most by few, and the popular ones post and are liked more."""
    random = Random(f"story/{seed}/{people_count}")  # noqa: S311
    popularity = [1 / (place + 1) ** 0.8 for place in range(people_count)]
    follows = _follows(popularity, random)
    followers: dict[int, list[int]] = {person: [] for person in range(people_count)}
    for follower, followed in follows:
        followers[followed].append(follower)
    authors = _authors(popularity, posts_count, random)
    taken: set[tuple[int, str]] = set()
    posts = []
    for number, author in enumerate(authors):
        scene = _SCENES[(number * 3 + random.randrange(2)) % len(_SCENES)]
        caption = _caption(scene, author, taken, random)
        posts.append(_post(number, author, scene, caption, followers[author], random))
    return Story(follows, tuple(posts))


def keenest(plan: Story) -> int:
    """The person who follows the most others, and so has the fullest feed."""
    following = [follower for follower, _ in plan.follows]
    return max(sorted(set(following)), key=following.count)


def _follows(popularity: Sequence[float], random: Random) -> tuple[tuple[int, int], ...]:
    people = range(len(popularity))
    edges = []
    for follower in people:
        others = [person for person in people if person != follower]
        wanted = min(
            len(others), max(1, round(random.paretovariate(1.2) + len(others) * random.uniform(0.1, 0.5)))
        )
        # Efraimidis and Spirakis: the largest u^(1/w) are a weighted sample without replacement.
        drawn = sorted(others, key=lambda person: random.random() ** (1 / popularity[person]), reverse=True)
        edges += [(follower, person) for person in drawn[:wanted]]
    random.shuffle(edges)
    return tuple(edges)


def _authors(popularity: Sequence[float], posts_count: int, random: Random) -> list[int]:
    """Everybody posts once if there are posts enough; in random order."""
    people = range(len(popularity))
    once = list(people)[:posts_count]
    authors = once + random.choices(people, popularity, k=posts_count - len(once))
    random.shuffle(authors)
    return authors


def _caption(scene: Scene, author: int, taken: set[tuple[int, str]], random: Random) -> str:
    """One that this author has not used yet."""
    subject = SUBJECTS[scene]
    text = wanted = random.choice(subject.captions)
    repeats = count(2)
    while (author, text) in taken:
        text = f"{wanted} ({next(repeats)})"
    taken.add((author, text))
    tags = random.sample(subject.tags, random.randint(1, len(subject.tags)))
    return f"{text}. {' '.join(f'#{tag}' for tag in tags)}"


def _post(
    number: int, author: int, scene: Scene, caption: str, followers: Sequence[int], random: Random
) -> Post:
    subject = SUBJECTS[scene]
    filter_name, (width, height) = random.choice(_FILTERS), random.choice(_FRAMES)
    photos = tuple(
        Photo(scene, number * 10 + index, width, height, subject.alt_text, filter_name)
        for index in range(random.choice((1, 1, 1, 1, 2, 3)))
    )
    share = random.uniform(0.2, 1)
    likers = tuple(person for person in followers if random.random() < share)
    return Post(
        author=author,
        photos=photos,
        caption=caption,
        place=random.choice((*subject.places, None)),
        likers=likers,
        comments=_comments(followers, random),
        savers=_some(likers, 0.25, random),
    )


def _comments(followers: Sequence[int], random: Random) -> tuple[Said, ...]:
    speakers = _some(followers, 0.3, random)[:4]
    replies = cycle(random.sample(_REPLIES, len(_REPLIES)))
    return tuple(Said(person, text) for person, text in zip(speakers, replies, strict=False))


def _some(people: Sequence[int], share: float, random: Random) -> tuple[int, ...]:
    return tuple(person for person in people if random.random() < share)
