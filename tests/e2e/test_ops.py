"""The operators' page as a server of either set-up gives it."""

import re
from html import unescape
from threading import Event

import httpx2

from projectors.catalogue import BY_NAME
from tests.e2e.server import GENEROUS, ServerProcess
from tests.e2e.spoiling import live, uncountable_likes
from tests.e2e.world import World, until

_BETWEEN_LOOKS_S = 0.25
"""So that who looks until something is seen stays within the page's limit."""
PASSWORD = GENEROUS["PHOTOLOG_OPERATOR_PASSWORD"]


def page(server: ServerProcess) -> str:
    response = httpx2.get(f"{server.url}/ops", auth=("operator", PASSWORD), timeout=30)
    assert response.status_code == 200, response.text
    return response.text


def section(text: str, name: str) -> str:
    """The text of a section of the page."""
    [found] = re.findall(rf"<section id={name} .*?</section>", text, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", found))


def test_it_shows_the_system(world: World, server: ServerProcess) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    bob.follow(ada)
    bob.ok("PUT", f"/v1/posts/{ada.post('a lighthouse')}/like")
    text = page(server)
    projections, lag = section(text, "projections"), section(text, "lag")
    for name in BY_NAME:
        assert re.search(rf"\b{name}\b", projections)
        assert re.search(rf"\b{name}\b", lag)
    assert "could not be found out" not in unescape(text)
    assert ada.username not in text
    assert "a lighthouse" not in text


def page_with(server: ServerProcess, name: str, shown: str) -> str:
    """The page, once this section of it has what matches that: what is shown may be a second old."""

    def look() -> str | None:
        Event().wait(_BETWEEN_LOOKS_S)
        text = page(server)
        return text if re.search(shown, section(text, name)) else None

    found: str = until(look)
    return found


def test_operations_are_shown_with_what_was_found(world: World, server: ServerProcess) -> None:
    ran = server.run("replay", "saves", "--by", "<b>a ticket</b>", "--json")
    assert ran.returncode == 0, ran.stderr
    text = page_with(server, "projections", r"saves\s+\d+\s+replaced")
    assert re.search(r"saves\s+\d+\s+live", section(text, "projections"))
    assert "<b>a ticket</b>" in section(text, "operations")
    assert "generation switched from" in section(text, "operations")
    assert re.search(r"saves \d+ .*equal", section(text, "certificates"))


def test_a_parked_event_is_shown_until_its_cause_is_mended(world: World, server: ServerProcess) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    post, number = ada.post("a lighthouse"), live(server, "search")
    with uncountable_likes(server, int(post)):
        bob.ok("PUT", f"/v1/posts/{post}/like")
        told = rf"search {number}\s+photolog\.engagement\s+\d+\s+\d+\s+{post}\s+StoreError: cannot be applied"
        text = page_with(server, "parked-events", told)
        assert re.search(rf"search\s+{number}\s+live(\s+[\d,]+){{3}}\s+1\b", section(text, "projections"))
        assert bob.get(f"/v1/posts/{post}")["counts"]["likes"] == 1  # every other view has it
    assert server.run("parked", "retry", "search", post, "--by", "a mender").returncode == 0
    text = page_with(server, "parked-events", "Nothing is parked")
    assert re.search("parked retried.*a mender", section(text, "operations"))


def test_it_is_for_operators(server: ServerProcess) -> None:
    with httpx2.Client(base_url=server.url, timeout=30) as client:
        assert client.get("/ops").status_code == 401
        assert client.get("/ops", auth=("operator", PASSWORD + "?")).status_code == 401
        assert client.get("/ops", headers={"Authorization": f"Bearer {PASSWORD}"}).status_code == 401
        assert client.post("/ops", auth=("operator", PASSWORD)).status_code == 405


def test_without_a_password_there_is_no_page(strict: ServerProcess) -> None:
    assert httpx2.get(f"{strict.url}/ops", auth=("", ""), timeout=30).status_code == 404


def test_a_signed_in_user_is_no_operator(world: World, server: ServerProcess) -> None:
    token = world.person("eve").token
    response = httpx2.get(f"{server.url}/ops", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert response.status_code == 401
