"""Cursors that were forged, cut, taken elsewhere or kept too long, on every list there is."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.e2e.cast import CORPUS, FAMILY, Cast
from tests.e2e.conformance import Conformance
from tests.e2e.forging import Secrets
from tests.e2e.mutating import JUNK, mutants
from tests.e2e.operations import operations
from tests.e2e.world import Person

DAY_S = 24 * 3600


def lists(cast: Cast, conformance: Conformance) -> dict[str, str]:
    """An address of every paged route, with more than one item for Bob."""
    things = cast.shown_things
    found = {str(op): op.path(things) for op in operations(conformance.document) if op.is_paged}
    found["GET /v1/search/users"] = f"/v1/search/users?q={FAMILY}"
    assert len(found) >= 11
    return found


def with_cursor(address: str, cursor: str, **more: Any) -> str:
    path, _, query = address.partition("?")
    return f"{path}?{urlencode([*parse_qsl(query), ('cursor', cursor), *more.items()])}"


def first_cursor(person: Person, address: str) -> str:
    cursor = person.get(f"{address}{'&' if '?' in address else '?'}limit=1")["next_cursor"]
    assert cursor is not None, address
    return str(cursor)


def refused(person: Person, address: str, cursor: str) -> None:
    person.refused("GET", with_cursor(address, cursor), 400, "bad_cursor")


def test_a_cursor_leads_on_and_the_link_says_the_same(cast: Cast, conformance: Conformance) -> None:
    for address in lists(cast, conformance).values():
        first = cast.bob.request("GET", f"{address}{'&' if '?' in address else '?'}limit=1")
        cursor = first.json()["next_cursor"]
        link, _, relation = first.headers["Link"].partition("; ")
        assert relation == 'rel="next"'
        target = urlsplit(link.strip("<>"))
        assert (target.scheme, target.netloc) == ("", "")
        assert dict(parse_qsl(target.query))["cursor"] == cursor
        by_link = cast.bob.get(link.strip("<>"))
        by_cursor = cast.bob.get(with_cursor(address, cursor, limit=1))
        assert by_link["items"] == by_cursor["items"] != first.json()["items"]
        assert cast.bob.get(with_cursor(address, cursor, limit=100))["next_cursor"] is None


def test_pages_of_one_are_the_page_of_all(cast: Cast, conformance: Conformance) -> None:
    for route, address in lists(cast, conformance).items():
        whole = cast.bob.get(f"{address}{'&' if '?' in address else '?'}limit=100")["items"]
        pieces: list[Any] = []
        cursor: str | None = first_cursor(cast.bob, address)
        pieces += cast.bob.get(f"{address}{'&' if '?' in address else '?'}limit=1")["items"]
        while cursor is not None:
            page = cast.bob.get(with_cursor(address, cursor, limit=1))
            pieces += page["items"]
            cursor = page["next_cursor"]
        assert pieces == whole, route


def test_a_forged_cursor_is_refused(cast: Cast, conformance: Conformance) -> None:
    for address in lists(cast, conformance).values():
        cursor = first_cursor(cast.bob, address)
        for forged in mutants(cursor, step=17):
            refused(cast.bob, address, forged)
    for junk in (*JUNK, ""):
        refused(cast.bob, "/v1/feed", junk)


def test_a_cursor_serves_one_list(cast: Cast, conformance: Conformance) -> None:
    found = lists(cast, conformance)
    cursors = {route: first_cursor(cast.bob, address) for route, address in found.items()}
    for route, address in found.items():
        for other, cursor in cursors.items():
            if other != route:
                refused(cast.bob, address, cursor)


def test_a_cursor_serves_one_thing_and_one_question(cast: Cast) -> None:
    one, other = cast.posts[:2]
    for first, second in (
        (f"/v1/posts/{one}/likes", f"/v1/posts/{other}/likes"),
        (f"/v1/posts/{one}/comments", f"/v1/posts/{other}/comments"),
        (f"/v1/posts/{one}/comments", f"/v1/posts/{one}/comments?order=newest"),
        (f"/v1/users/{cast.bob.id}/followers", f"/v1/users/{cast.cy.id}/followers"),
        (f"/v1/users/{cast.ada.id}/followers", f"/v1/users/{cast.ada.id}/following"),
        (f"/v1/search/posts?q={CORPUS}", "/v1/search/posts?q=number"),
        (f"/v1/search/posts?q={CORPUS}", f"/v1/search/posts?q={CORPUS}&sort=likes"),
        (f"/v1/tags/{CORPUS}/posts", f"/v1/tags/{CORPUS}_1/posts"),
    ):
        if cast.bob.get(f"{first}{'&' if '?' in first else '?'}limit=1")["next_cursor"] is not None:
            refused(cast.bob, second, first_cursor(cast.bob, first))


def test_a_cursor_serves_one_viewer(cast: Cast, conformance: Conformance) -> None:
    public = {str(operation) for operation in operations(conformance.document) if operation.is_public}
    for route, address in lists(cast, conformance).items():
        cursor = first_cursor(cast.bob, address)
        refused(cast.cy, address, cursor)
        if route in public:
            response = cast.world.request("GET", with_cursor(address, cursor))
            assert (response.status_code, response.json()["code"]) == (400, "bad_cursor"), route


def test_other_strings_are_no_cursors(cast: Cast) -> None:
    assert cast.world.position is not None
    for string in (cast.world.position, cast.bob.token, cast.bob.refresh_token, cast.posts[0]):
        refused(cast.bob, "/v1/feed", string)


@pytest.mark.parametrize(("age_s", "status"), [(DAY_S - 60, 200), (DAY_S + 601, 400), (10 * DAY_S, 400)])
def test_a_cursor_is_good_for_a_day_and_up_to_ten_minutes(
    cast: Cast, secrets: Secrets, age_s: int, status: int
) -> None:
    cursor = secrets.cursor((int(cast.posts[2]),), "GET /v1/feed", {}, cast.bob.id, age_s)
    response = cast.bob.request("GET", with_cursor("/v1/feed", cursor))
    assert response.status_code == status
    if status == 400:
        assert response.json()["code"] == "cursor_expired"
    else:
        assert [post["id"] for post in response.json()["items"]] == [cast.posts[1], cast.posts[0]]


@pytest.mark.parametrize("keys", [(), ("x",), (1, 2), (1, 2, 3, 4, 5), ("x", "y"), (-(1 << 62),), (1 << 62,)])
def test_keys_of_another_kind_are_refused_too(
    cast: Cast, secrets: Secrets, conformance: Conformance, keys: tuple[int | str, ...]
) -> None:
    """As an older version might have made them: signed well, but not what the list goes by today."""
    for route, address in lists(cast, conformance).items():
        path, _, query = address.partition("?")
        cursor = secrets.cursor(keys, f"GET {path}", dict(parse_qsl(query)), cast.bob.id, 1)
        response = cast.bob.request("GET", with_cursor(address, cursor))
        assert response.status_code in (200, 400), (route, response.text)
        if response.status_code == 400:
            assert response.json()["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("limit", "code"),
    [("1", ""), ("100", ""), ("001", ""), ("0", "out_of_range"), ("101", "out_of_range"), ("9" * 19, "out_of_range"),
     ("9" * 400, "wrong_type"), ("-1", "wrong_type"), ("+1", "wrong_type"), ("", "wrong_type"), ("1.0", "wrong_type"),
     ("1e1", "wrong_type"), (" 1", "wrong_type"), ("x", "wrong_type"), ("\u0663", "wrong_type"), ("0x1", "wrong_type"),
     ("1\0", "wrong_type")],
)  # fmt: skip
def test_a_limit_at_its_edges(cast: Cast, conformance: Conformance, limit: str, code: str) -> None:
    for address in lists(cast, conformance).values():
        asked = f"{address}{'&' if '?' in address else '?'}{urlencode({'limit': limit})}"
        if code:
            (error,) = cast.bob.refused("GET", asked, 422, "invalid")["errors"]
            assert (error["field"], error["code"]) == ("limit", code)
        else:
            assert 1 <= len(cast.bob.get(asked)["items"]) <= int(limit)
