"""Names, passwords, numbers of things, and what is searched for: at the edge of every limit and one beyond."""

import itertools
import unicodedata
from typing import Any

import httpx2
import pytest

from tests.e2e.cast import CORPUS, Cast
from tests.e2e.stage import Stage, error_of
from tests.e2e.world import PASSWORD, World, picture, until

_numbers = itertools.count()


def register(world: World, **changes: Any) -> httpx2.Response:
    username = f"limits{world.number}.{next(_numbers)}"
    body = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
    return world.request("POST", "/v1/accounts", json=body | changes)


def test_a_username_at_its_edges(world: World) -> None:
    unique = f"{world.number}"
    for good in (f"a{unique}".rjust(3, "_"), f"{unique}.".ljust(30, "z"), f"A._{unique}"):
        answer = register(world, username=good)
        assert answer.json()["user"]["username"] == good.lower()
        found = world.get(f"/v1/users/by-username/{good.upper()}")
        assert found["username"] == good.lower()
    wrong: tuple[tuple[object, str], ...] = (
        ("ab", "too_short"), ("a" * 31, "too_long"), ("", "too_short"), ("a b", "bad_format"), ("a-b", "bad_format"),
        ("ab\n", "bad_format"),
        ("\u00e4bc", "bad_format"), ("\u0430bc", "bad_format"), ("ab\u0661", "bad_format"), ("abc\0", "nul"),
        ("\uff41bc", "bad_format"), ("a/b", "bad_format"), ("a%2fb", "bad_format"), (1, "wrong_type"), (None, "wrong_type"),
        (["a"], "wrong_type"),
    )  # fmt: skip
    for username, code in wrong:
        assert error_of(register(world, username=username)) == code, username


@pytest.mark.parametrize(
    "name", ["", "a" * 31, "a" * 256, "a" * 257, "%00", "a%0ab", "@", "\u00e9", "\u212aate", "\U0001f600"]
)  # fmt: skip
def test_a_name_that_nobody_has_is_not_found(world: World, name: str) -> None:
    response = world.request("GET", f"/v1/users/by-username/{name}")
    assert response.status_code == 404


def test_a_letter_that_only_looks_like_one_in_lower_case_names_nobody(world: World) -> None:
    name = world.person("kate").get("/v1/me")["username"]
    assert world.request("GET", f"/v1/users/by-username/{name.upper()}").status_code == 200
    assert world.request("GET", f"/v1/users/by-username/\u212a{name[1:]}").status_code == 404


def test_a_password_at_its_edges(world: World) -> None:
    for password in (
        "12345678",
        "x" * 128,
        "\U0001f600" * 8,
        "\u00e9" * 128,
        "e\u0301" * 128,
        " " * 8,
        "a\tb\nc\rd e",
    ):
        answer = register(world, password=password)
        assert answer.status_code == 201, password
        login = answer.json()["user"]["username"]
        for spelling in {password, unicodedata.normalize("NFD", password)}:
            body = {"login": login, "password": spelling}
            status = world.request("POST", "/v1/sessions", json=body).status_code
            assert status == 201, password
        for other in (password[:-1], password + "x", password.swapcase() + "y"):
            body = {"login": login, "password": other}
            assert world.request("POST", "/v1/sessions", json=body).status_code in (401, 422)
    wrong: tuple[tuple[object, str], ...] = (
        ("1234567", "too_short"), ("x" * 129, "too_long"), ("e\u0301" * 7, "too_short"), ("", "too_short"), ("1234567\0", "nul"),
        (12345678, "wrong_type"), (None, "wrong_type"),
    )  # fmt: skip
    ada = world.person("ada")
    for none, code in wrong:
        assert error_of(register(world, password=none)) == code
        change = {"current": PASSWORD, "new": none}
        assert error_of(ada.request("PUT", "/v1/me/password", json=change)) == code


def test_an_address_at_its_edges(world: World) -> None:
    unique = f"e{world.number}"
    longest = f"{unique}@".ljust(250, "x") + ".org"
    for email in (
        f"{unique}@b",
        longest,
        f"{unique}+tag@sub.example.org",
        f"\u00fc{unique}@b\u00fccher.example",
    ):
        assert register(world, email=email).status_code == 201
    assert register(world, email=longest.upper()).json()["code"] == "email_taken"
    wrong: tuple[object, ...] = (
        "", "a", "a@", "@b", "ab", "a@b@c", f"x{longest}", "a b@c.d", "a@b c", "a@b\n", "a\u00a0@b", "a@\u202eb",
        "a@b\0", 1, None,
    )  # fmt: skip
    for none in wrong:
        error_of(register(world, email=none))


# Numbers of things.


def test_a_post_has_one_to_ten_photos_and_thirty_tags(world: World) -> None:
    ada = world.person("ada")
    content = picture()
    made = [ada.declare(content) for _ in range(11)]
    for one in made:
        ada.send(one["upload"], content)
        ada.ok("POST", f"/v1/media/{one['media']['id']}/complete")
    photos = [one["media"]["id"] for one in made]
    for photo in photos:
        until(lambda photo=photo: ada.get(f"/v1/media/{photo}")["status"] == "ready")  # type: ignore[misc]
    tags = " ".join(f"#t{number}" for number in range(30))

    def post(**body: Any) -> httpx2.Response:
        return ada.request("POST", "/v1/posts", json={"media_ids": photos[:10]} | body)

    assert error_of(post(media_ids=photos)) == "too_long"
    assert error_of(post(media_ids=[])) == "too_short"
    assert error_of(post(media_ids=[photos[0]] * 2)) == "repeated"
    assert error_of(post(media_ids=[*photos[:9], photos[0]])) == "repeated"
    no_ids: tuple[object, ...] = (
        int(photos[0]),
        None,
        photos[0] + " ",
        "+" + photos[0],
        "0" + photos[0],
        "",
        [photos[0]],
    )
    for wrong in no_ids:
        assert error_of(post(media_ids=[wrong])) == "bad_id"
    no_lists: tuple[object, ...] = (photos[0], {}, None)
    for no_list in no_lists:
        assert error_of(post(media_ids=no_list)) == "wrong_type"
    assert error_of(post(caption=f"{tags} #t30")) == "too_many_tags"
    made_post = post(caption=f"{tags} {tags.upper()}").json()
    assert [one["id"] for one in made_post["media"]] == photos[:10]
    assert made_post["tags"] == [f"t{number}" for number in range(30)]
    path = f"/v1/posts/{made_post['id']}"
    assert error_of(ada.request("PATCH", path, json={"caption": f"{tags} #t30"})) == "too_many_tags"


@pytest.mark.parametrize(
    ("caption", "tags"),
    [("#" + "a" * 64, ["a" * 64]), ("#" + "a" * 65, []), ("#\u00df" * 1 + "x" * 62, ["ss" + "x" * 62]), ("#" + "\u00df" * 33, []),
     ("#A #a #\u00c0 #a\u0300", ["a", "\u00e0"]), ("#a#b ##c #-d #_ #1", ["a", "b", "c", "_", "1"]), ("# #! x#y", ["y"]),
     ("#\u0938\u094d\u0924\u0947", ["\u0938\u094d\u0924\u0947"]), ("#\u0301x", []), ("#\U0001f600", []), ("#a\u200db", ["a"])],
)  # fmt: skip
def test_tags_are_cut_from_captions(stage: Stage, caption: str, tags: list[str]) -> None:
    changed = stage.person.ok("PATCH", stage.post, json={"caption": caption})
    assert changed["tags"] == tags
    for tag in tags:
        found = stage.person.items(f"/v1/tags/{tag}/posts", limit=100)
        assert stage.post.rpartition("/")[2] in [post["id"] for post in found]


@pytest.mark.parametrize(
    "tag", ["a" * 65, "a" * 257, "a b", "%23a", "-", "%00", "a%2fb", "\U0001f600", "%CC%81"]
)
def test_what_is_no_tag_has_no_page(world: World, tag: str) -> None:
    assert world.request("GET", f"/v1/tags/{tag}/posts").status_code == 404


@pytest.mark.parametrize("path", ["/v1/users", "/v1/posts"])
def test_up_to_fifty_ids_are_asked_for_at_once(cast: Cast, path: str) -> None:
    known = cast.ada.id if "users" in path else cast.posts[0]
    fifty = ",".join([known] + [str(number) for number in range(1, 50)])
    assert [one["id"] for one in cast.ada.get(f"{path}?ids={fifty}")["items"]] == [known]
    repeated = "&".join(f"ids={one}" for one in fifty.split(","))
    assert len(cast.ada.get(f"{path}?{repeated}")["items"]) == 1
    assert len(cast.ada.get(f"{path}?ids={','.join([known] * 50)}")["items"]) == 1
    for wrong, code in (
        (f"ids={fifty},50", "too_long"), (f"ids={','.join([known] * 51)}", "too_long"), ("ids=", "bad_id"), ("ids=1,", "bad_id"),
        ("ids=,1", "bad_id"), ("ids=x", "bad_id"), ("ids=0", "bad_id"), ("ids=1%2C2%2C", "bad_id"),
        ("ids=9223372036854775808", "bad_id"),
        ("", "missing"), ("IDS=1", "missing"), ("ids=%D9%A1", "bad_id"), ("ids=1%00", "bad_id"),
    ):  # fmt: skip
        assert error_of(cast.ada.request("GET", f"{path}?{wrong}")) == code, wrong


@pytest.mark.parametrize(
    ("latitude", "longitude", "status"),
    [("90", "180", 200), ("-90", "-180", 200), ("-0.0", "0", 200), ("1e-300", "5e-324", 200), ("89.99999999999999", "1", 200),
     ("90.00000000000001", "0", 422), ("0", "180.00000000000003", 422), ("-91", "0", 422), ("1e308", "0", 422), ('"1"', "0", 422),
     ("true", "0", 422), ("[1]", "0", 422), ("1e999", "0", 400), ("NaN", "0", 400), ("0x1", "0", 400), ("01", "0", 400)],
)  # fmt: skip
def test_a_place_on_earth(stage: Stage, latitude: str, longitude: str, status: int) -> None:
    content = f'{{"place":{{"name":"x","latitude":{latitude},"longitude":{longitude}}}}}'.encode()
    headers = {"Content-Type": "application/json"}
    response = stage.person.request("PATCH", stage.post, content=content, headers=headers)
    assert response.status_code == status, response.text
    if status == 200:
        place = stage.person.get(stage.post)["place"]
        assert (place["latitude"], place["longitude"]) == (float(latitude), float(longitude))


@pytest.mark.parametrize(
    ("x", "y", "status"),
    [("1", "-1", 200), ("0", "0", 200), ("1.0000000000000002", "0", 422), ("0", "-1.1", 422), ("null", "0", 422),
    ('"0"', "0", 422)],
)  # fmt: skip
def test_a_focal_point_in_the_picture(stage: Stage, x: str, y: str, status: int) -> None:
    content = f'{{"focal_point":{{"x":{x},"y":{y}}}}}'.encode()
    path, headers = f"/v1/media/{stage.media}", {"Content-Type": "application/json"}
    assert stage.person.request("PATCH", path, content=content, headers=headers).status_code == status


# What is searched for.

QUERIES = (
    "a", "x" * 200, "\U0001f600" * 200, "e\u0301" * 200, '"', '"' * 200, '""', "#", "#" * 200, "*", "%", "_", "\\", "'",
    "NEAR(a b)",
    "a AND b OR NOT c", "-a", "a:b", "(((", "the of and", " ", "\t\n", "\u3000",
    "a " * 100, '"a b" ' * 33, "\u4e2d" * 200, "\u0301" * 30,
    "\u202e\u200b", "1 OR 1=1", "'; DROP TABLE posts; --", "{$gt:''}", "../..", "\x01\x02",
    "\ufffe", f"#{CORPUS} \"{CORPUS} number\"",
)  # fmt: skip


@pytest.mark.parametrize("route", ["posts", "posts?sort=likes", "users", "tags"])
def test_anything_can_be_searched_for(cast: Cast, route: str) -> None:
    path, _, more = route.partition("?")
    for query in QUERIES:
        asked = httpx2.QueryParams({"q": query}).merge(httpx2.QueryParams(more))
        page = cast.world.get(f"/v1/search/{path}", params=asked)
        assert isinstance(page["items"], list)


@pytest.mark.parametrize("route", ["posts", "users", "tags"])
def test_a_query_at_its_edges(world: World, route: str) -> None:
    path = f"/v1/search/{route}"
    for query, code in (
        ("q=", "too_short"), ("q=" + "x" * 201, "too_long"), ("q=" + "%CC%81" * 31, "too_many_marks"), ("q=%00", "nul"),
        ("", "missing"),
        ("q=a&q=b", "repeated"), ("Q=a", "missing"),
    ):  # fmt: skip
        assert error_of(world.request("GET", f"{path}?{query}")) == code, query
    for query in ("q=%ff", "q=%ED%A0%80", "q=%C0%AF", "q=%F4%90%80%80"):
        response = world.request("GET", f"{path}?{query}")
        assert (response.status_code, response.json()["code"]) == (400, "malformed")
