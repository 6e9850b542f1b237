"""Registration: who gets a name, what is left when somebody dies on the way, and what the reactor makes of that."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.ids import made_at_ms
from producers.errors import NotCaughtUpError
from producers.reactors.registrations import ABANDONED_MS
from producers.registration import EmailTakenError, OtherPasswordError, UsernameTakenError
from projectors.accounts import ACCOUNTS
from stores.ports.accounts import AccountsChange
from tests.unit.registering import MINUTE_MS, Attempt, Town, now

ADA, BOB = 7_000_000_000, 8_000_000_000
STEPS_COUNT = 8
"""Gates of a registration that nobody disturbs: before and after each of its four appends."""


@pytest.fixture
def town() -> Iterator[Town]:
    with closing(Town()) as made:
        yield made


def ada(town: Town) -> Attempt:
    return town.attempt(ADA, "ada", "Ada@Example.org")


def test_an_account_is_registered(town: Town) -> None:
    assert ada(town).finish().succeeded
    assert town.types("photolog.names") == ["name.claimed", "name.claimed", "name.kept", "name.kept"]
    town.catch_up()
    account = now(town.accounts.accounts((ADA,)))[ADA]
    assert (account.username, account.email) == ("ada", "Ada@Example.org")
    assert account.created_at_ms == made_at_ms(ADA)
    holders = [town.holder("username", "ada"), town.holder("email", "ada@example.org")]
    assert all(holder is not None and holder.kept and holder.user_id == ADA for holder in holders)


def test_a_name_that_is_taken(town: Town) -> None:
    ada(town).finish()
    before = len(town.types("photolog.names"))
    attempt = town.attempt(BOB, "ada", "bob@example.org").finish()
    assert isinstance(attempt.error, UsernameTakenError)
    assert len(town.types("photolog.names")) == before
    assert BOB not in town.credentials.hashes


def test_an_address_that_is_taken_in_another_spelling(town: Town) -> None:
    ada(town).finish()
    assert isinstance(town.attempt(BOB, "bob", "ADA@EXAMPLE.org").finish().error, EmailTakenError)
    assert town.attempt(BOB, "bob", "bob@example.org").finish().succeeded


def test_of_two_at_once_the_first_claim_wins(town: Town) -> None:
    first, second = ada(town), town.attempt(BOB, "ada", "bob@example.org")
    for attempt in (first, second, first, second):
        attempt.step()
    assert isinstance(second.finish().error, UsernameTakenError)
    assert first.finish().succeeded
    assert town.holder("email", "bob@example.org") is None
    assert town.registered() == {ADA: "ada"}


def test_who_loses_one_name_gives_the_other_back(town: Town) -> None:
    first, second = ada(town), town.attempt(BOB, "bob", "ada@example.org")
    for attempt in (first, second, first, second):
        attempt.step()
    assert isinstance(second.finish().error, EmailTakenError)
    assert town.holder("username", "bob") is None


def test_a_wait_that_is_lost_is_unknown_and_a_retry_succeeds(town: Town) -> None:
    town.caught_up = False
    assert isinstance(ada(town).finish().error, NotCaughtUpError)
    town.caught_up = True
    assert ada(town).finish().succeeded
    assert town.registered() == {ADA: "ada"}


def test_a_retry_after_success_changes_nothing(town: Town) -> None:
    ada(town).finish()
    town.now_ms += MINUTE_MS
    assert ada(town).finish().succeeded
    town.catch_up()
    assert now(town.accounts.accounts((ADA,)))[ADA].created_at_ms == made_at_ms(ADA)


def test_a_retry_with_a_password_that_was_changed_since_is_refused(town: Town) -> None:
    ada(town).finish()
    town.credentials.hashes[ADA] = "hash of another"
    assert isinstance(ada(town).finish().error, OtherPasswordError)


@pytest.mark.parametrize("steps_count", range(1, STEPS_COUNT + 1))
def test_a_retry_ends_what_was_begun(town: Town, steps_count: int) -> None:
    attempt = ada(town)
    for _ in range(steps_count):
        attempt.step()
    attempt.kill()
    assert ada(town).finish().succeeded
    assert town.registered() == {ADA: "ada"}


@pytest.mark.parametrize("steps_count", range(1, STEPS_COUNT + 1))
def test_the_reactor_ends_what_was_begun(town: Town, steps_count: int) -> None:
    attempt = ada(town)
    for _ in range(steps_count):
        attempt.step()
    attempt.kill()
    town.settle()
    kept = steps_count >= 6  # the user name's `kept` is the third append
    assert town.registered() == ({ADA: "ada"} if kept else {})
    assert (town.holder("username", "ada") is not None) == kept
    assert (town.holder("email", "ada@example.org") is not None) == kept
    assert town.attempt(BOB, "ada", "ada@example.org").finish().succeeded != kept


def test_the_reactor_leaves_a_running_registration_alone(town: Town) -> None:
    attempt = ada(town)
    for _ in range(4):
        attempt.step()
    town.now_ms += ABANDONED_MS
    assert town.round().finish().succeeded
    assert attempt.finish().succeeded


def test_who_comes_back_after_the_reactor_has_lost_everything(town: Town) -> None:
    attempt = frozen_before_the_last_keep(town)
    town.settle()
    assert isinstance(attempt.finish().error, NotCaughtUpError)
    assert town.registered() == {}
    assert town.holder("email", "ada@example.org") is None


def frozen_before_the_last_keep(town: Town) -> Attempt:
    """Ada has kept her address; her user name is claimed."""
    attempt = ada(town)
    for _ in range(5):
        attempt.step()
    return attempt


def test_a_late_release_does_not_touch_a_later_claim(town: Town) -> None:
    frozen_before_the_last_keep(town).kill()
    town.now_ms += 60 * MINUTE_MS
    reactor = town.round()
    for _ in range(3):  # the user name's claim is released, the address is about to be
        reactor.step()
    assert ada(town).finish().succeeded
    assert reactor.finish().succeeded
    town.settle()
    holder = town.holder("email", "ada@example.org")
    assert holder is not None
    assert (holder.user_id, holder.kept) == (ADA, True)


def test_a_late_release_does_not_touch_what_was_kept_meanwhile(town: Town) -> None:
    attempt = ada(town)
    for _ in range(3):  # both names are claimed, the address is about to be kept
        attempt.step()
    town.now_ms += 60 * MINUTE_MS
    reactor = town.round()
    reactor.step()  # about to release what looks abandoned
    for _ in range(3):  # both names are kept
        attempt.step()
    attempt.kill()
    assert reactor.finish().succeeded
    town.settle()
    assert town.registered() == {ADA: "ada"}
    assert town.holder("email", "ada@example.org") is not None


def test_a_late_keep_does_not_touch_a_later_claim(town: Town) -> None:
    late = frozen_before_the_last_keep(town)
    town.settle()
    again = ada(town)
    again.step()  # both names are free, and about to be claimed again
    assert town.attempt(BOB, "bob", "ada@example.org").finish().succeeded
    again.step()
    assert late.finish().error is not None
    assert isinstance(again.finish().error, EmailTakenError)
    town.settle()
    assert town.registered() == {BOB: "bob"}
    assert town.holder("username", "ada") is None


def test_a_keep_that_does_not_stand_registers_nobody(town: Town) -> None:
    late = frozen_before_the_last_keep(town)
    town.settle()
    again = ada(town)
    for _ in range(2):
        again.step()
    assert isinstance(late.finish().error, NotCaughtUpError)
    assert town.registered() == {}
    assert again.finish().succeeded
    assert town.registered() == {ADA: "ada"}


def test_a_round_has_nothing_to_do_twice(town: Town) -> None:
    attempt = ada(town)
    for _ in range(6):
        attempt.step()
    attempt.kill()
    town.settle()
    assert town.types("photolog.accounts") == ["account.registered"]


def test_nothing_is_decided_by_a_view_that_is_behind(town: Town) -> None:
    """As after a restart without views: Ada's claims are there, her address is not kept yet, her account is missing."""
    ada(town).finish()
    town.lose_views(shown_types=("name.claimed",))
    town.now_ms += 60 * MINUTE_MS
    assert town.round().finish().succeeded
    assert town.types("photolog.names") == ["name.claimed", "name.claimed", "name.kept", "name.kept"]
    assert town.types("photolog.accounts") == ["account.registered"]
    holder = town.holder("email", "ada@example.org")
    assert holder is not None
    assert holder.kept


def test_a_name_with_parked_events_is_released_once_a_round(town: Town) -> None:
    attempt = ada(town)
    for _ in range(2):
        attempt.step()
    attempt.kill()
    town.park(town.digest("username", "ada"))
    town.now_ms += 60 * MINUTE_MS
    assert town.round().finish().succeeded
    # the address stays as long as the user name
    assert town.types("photolog.names").count("name.released") == 1


def test_an_account_that_is_parked_is_not_registered_again_and_again(town: Town) -> None:
    def broken(event: object) -> Sequence[AccountsChange]:
        raise ZeroDivisionError

    accounts = town._steps[1]
    accounts.projection = replace(ACCOUNTS, project=broken)
    assert ada(town).finish().succeeded
    for _ in range(3):
        town.settle()
    assert town.types("photolog.accounts").count("account.registered") == 1


Act = tuple[Literal["ada", "ada again", "bob", "eve", "reactor", "step", "kill", "wait"], int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["ada", "ada again", "bob", "eve", "reactor", "step", "step", "step", "kill", "wait"]
        ),
        st.integers(0, 9),
    ),
    max_size=60,
)
PEOPLE = {
    "ada": (ADA, "ada", "ada@example.org"),
    "ada again": (ADA, "ada", "ada@example.org"),
    "bob": (BOB, "ada", "bob@example.org"),
    "eve": (9_000_000_000, "eve", "ada@example.org"),
}


@settings(max_examples=150, deadline=None)
@given(acts=ACTS)
def test_whatever_happens_a_user_name_has_its_address_and_its_account(acts: list[Act]) -> None:
    """Attempts for the same names, also of one user at once, that freeze for any time, die and come back."""
    with closing(Town()) as town:
        attempts: list[tuple[str, Attempt]] = []
        for act, number in acts:
            match act:
                case "step" if attempts:
                    for _ in range(1 + number // 3):
                        attempt = attempts[number % len(attempts)][1]
                        if not attempt.is_over:
                            attempt.step()
                case "kill" if attempts:
                    attempts[number % len(attempts)][1].kill()
                case "wait":
                    town.now_ms += 3 * MINUTE_MS * (number + 1)
                case "reactor":
                    attempts.append((act, town.round()))
                case "ada" | "ada again" | "bob" | "eve":
                    attempts.append((act, town.attempt(*PEOPLE[act])))
        for _, attempt in attempts:
            attempt.kill()
        town.catch_up()
        town.settle()
        _check(town, [who for who, attempt in attempts if attempt.succeeded and who in PEOPLE])


def _check(town: Town, succeeded: list[str]) -> None:
    registered = town.registered()
    for who in succeeded:
        assert PEOPLE[who][0] in registered
    for user_id, username, email in PEOPLE.values():
        names = town.holder("username", username), town.holder("email", email)
        assert all(holder is None or holder.kept for holder in names)
        holds = [holder is not None and holder.user_id == user_id for holder in names]
        assert holds == [user_id in registered] * 2
