"""The people of the demo: invented names from many places, the same for the same seed."""

from dataclasses import dataclass
from random import Random

PASSWORD = "photolog-demo"  # noqa: S105 - printed for everybody who runs the demo
"""Of every person of the demo. Known to all: the demo is for servers that hold nothing else of value."""

_FIRST = """Ada Amara Anouk Aroha Bruno Camila Chidi Daan Elif Emeka Esi Farah Freya Goran Hana Hugo Ines Iris Jamal
Jonas Kaito Keiko Lars Leila Lin Luca Maja Malik Maren Mateo Mei Mira Nadia Niko Noor Olga Omar Paula Pia Priya Quentin
Rania Ravi Rosa Sami Sana Selin Sofia Tariq Teo Uma Vera Viktor Wanjiru Xenia Yara Yusuf Zofia"""
_LAST = """Adeyemi Almeida Andersen Baker Bianchi Costa Dupont Eriksen Fischer Garcia Haddad Hoang Ito Ivanova Jansen
Kamau Keller Khan Kowalska Larsen Lopez Marino Mensah Moreau Nakamura Nguyen Novak Okafor Olsen Park Patel Petrov Quispe
Rossi Sato Schmidt Silva Singh Tanaka Torres Ueda Varga Wang Weber Yilmaz Zhang"""
_LOCATIONS = """Accra Bergen Bogotá Busan Cusco Dakar Galway Hanoi Izmir Jaipur Kyoto Lisbon Ljubljana Marseille Mombasa
Porto Riga Tampere Trieste Valparaíso Wellington Yerevan"""
_BIOS = (
    "Up before the sun, usually for the light.",
    "Slow travel, fast shutter.",
    "Hills, rain, coffee.",
    "One photo a day, more or less.",
    "I carry the camera, the camera carries me.",
    "Film at heart.",
    "Looking for quiet places.",
    "Engineer on weekdays, elsewhere on weekends.",
)

MOST_PEOPLE = 500


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    email: str
    display_name: str
    location: str
    bio: str


def people(count: int, seed: int) -> list[Person]:
    """`count` different people, at most MOST_PEOPLE; a larger count has the people of a smaller one and more."""
    random = Random(f"people/{seed}")  # noqa: S311
    names = [(first, last) for first in _FIRST.split() for last in _LAST.split()]
    random.shuffle(names)
    return [_person(first, last, random) for first, last in names[:count]]


def _person(first: str, last: str, random: Random) -> Person:
    username = f"{first}.{last}".lower()
    # RFC 2606 reserves this domain, so that no mail can ever reach anybody.
    return Person(
        username,
        f"{username}@demo.example",
        f"{first} {last}",
        random.choice(_LOCATIONS.split()),
        random.choice(_BIOS),
    )
