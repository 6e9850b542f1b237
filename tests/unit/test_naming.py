"""Which user names and addresses there can be, and which are the same."""

import pytest

from producers.naming import email_form, keyed_digest, username_form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ada", "ada"),
        ("Ada.L_1", "ada.l_1"),
        ("...", "..."),
        ("a" * 30, "a" * 30),
        ("ad", None),
        ("a" * 31, None),
        ("ada-l", None),
        ("ada l", None),
        ("ada\n", None),
        ("ädä", None),
        ("\u212aelvin", None),
        ("٣٤٥", None),
        ("", None),
    ],
)
def test_user_names(text: str, form: str | None) -> None:
    assert username_form(text) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a@b", "a@b"),
        ("Ada.L+x@Example.ORG", "ada.l+x@example.org"),
        ("STRASSE@x.de", "strasse@x.de"),
        ("Straße@x.de", "strasse@x.de"),
        ("a\u0308@b", "ä@b"),
        ("Ä@b", "ä@b"),
        ("a" * 252 + "@b", "a" * 252 + "@b"),
        ("a" * 253 + "@b", None),
        ("ß" * 200 + "@b", None),
        ("@b", None),
        ("a@", None),
        ("ab", None),
        ("a@b@c", None),
        ("a b@c", None),
        ("a\tb@c", None),
        ("a\u00a0b@c", None),
        ("a\u200bb@c", None),
        ("a\0@b", None),
        ("a\ud800@b", None),
        ("", None),
    ],
)
def test_addresses(text: str, form: str | None) -> None:
    assert email_form(text) == form


def test_digests_are_keyed_and_of_a_kind() -> None:
    digest = keyed_digest(b"k" * 32)
    digests = {digest("username", "ada"), digest("email", "ada"), keyed_digest(b"l" * 32)("username", "ada")}
    assert len(digests) == 3
    assert digest("username", "ada") == digest("username", "ada")
    assert all(len(found) == 64 and int(found, 16) for found in digests)
