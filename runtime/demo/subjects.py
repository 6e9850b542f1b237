"""What is on the photos of the demo, what people write under them, and where they were."""

from collections.abc import Mapping
from dataclasses import dataclass

from events.posts import Place
from stores.pillow.scenery import Scene


@dataclass(frozen=True, slots=True)
class Subject:
    alt_text: str
    captions: tuple[str, ...]
    tags: tuple[str, ...]
    places: tuple[Place, ...]


SUBJECTS: Mapping[Scene, Subject] = {
    "sunset": Subject(
        "The sun setting behind layered hills",
        (
            "The whole valley went quiet",
            "Worth the climb",
            "Five minutes of gold",
            "Missed the bus, got this instead",
        ),
        ("sunset", "goldenhour", "hills"),
        (
            Place(name="Val d'Orcia", latitude=43.0667, longitude=11.6),
            Place(name="Cappadocia", latitude=38.6431, longitude=34.8289),
        ),
    ),
    "sea": Subject(
        "A sailing boat on calm water under a low sun",
        (
            "No wind, no hurry",
            "First light on the water",
            "The boat to nowhere in particular",
            "Salt on everything",
        ),
        ("sea", "sailing", "blue"),
        (
            Place(name="Naxos", latitude=37.1036, longitude=25.3766),
            Place(name="Galway Bay", latitude=53.2, longitude=-9.2),
        ),
    ),
    "night": Subject(
        "A full moon and stars above dark hills",
        (
            "Could not sleep, did not want to",
            "Somebody left the moon on",
            "Forty seconds of standing very still",
        ),
        ("night", "stars", "moon"),
        (
            Place(name="Atacama", latitude=-23.8634, longitude=-69.1328),
            Place(name="Aoraki", latitude=-43.595, longitude=170.1418),
        ),
    ),
    "mountains": Subject(
        "Snowy peaks above forested ridges",
        (
            "Boots are still wet",
            "Up there it was quiet",
            "The map said three hours. It was seven",
            "Snow line in June",
        ),
        ("mountains", "hiking", "snow"),
        (
            Place(name="Triglav", latitude=46.3783, longitude=13.8367),
            Place(name="Ausangate", latitude=-13.7889, longitude=-71.2308),
        ),
    ),
    "dunes": Subject(
        "Sand dunes under a hazy sun",
        ("Sand in the lens, again", "Nobody for miles", "The wind draws, I only watch"),
        ("desert", "dunes", "minimal"),
        (
            Place(name="Erg Chebbi", latitude=31.1499, longitude=-3.9825),
            Place(name="Huacachina", latitude=-14.0875, longitude=-75.7633),
        ),
    ),
    "city": Subject(
        "Lit windows of a city's towers at dusk",
        (
            "Rooftop with neighbours I never met",
            "Every window a story",
            "Blue hour, late train",
            "Home, from the wrong side",
        ),
        ("city", "bluehour", "skyline"),
        (
            Place(name="Busan", latitude=35.1796, longitude=129.0756),
            Place(name="São Paulo", latitude=-23.5505, longitude=-46.6333),
        ),
    ),
    "meadow": Subject(
        "A flowering meadow below green hills",
        ("Hay fever, but look", "Picnic weather at last", "Bees at work, do not disturb"),
        ("meadow", "flowers", "summer"),
        (
            Place(name="Appenzell", latitude=47.331, longitude=9.409),
            Place(name="Keukenhof", latitude=52.2697, longitude=4.5464),
        ),
    ),
    "lake": Subject(
        "Mountains and firs mirrored in a still lake",
        ("Not a ripple", "Twice the mountain for the same walk", "Too cold to swim. Swam", "Morning mirror"),
        ("lake", "reflection", "hiking"),
        (
            Place(name="Bohinj", latitude=46.2839, longitude=13.8606),
            Place(name="Lake Louise", latitude=51.4254, longitude=-116.1773),
        ),
    ),
}
