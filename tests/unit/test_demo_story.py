"""The demo's people and story: the same for the same seed, and such that a feed is worth looking at."""

from collections import Counter

from events.tags import tags_of
from runtime.demo.people import MOST_PEOPLE, people
from runtime.demo.story import keenest, story


def test_people_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    assert people(20, 1) == people(20, 1)
    assert people(20, 1) != people(20, 2)


def test_more_people_are_the_same_people_and_more() -> None:
    assert people(30, 1)[:12] == people(12, 1)


def test_nobody_is_there_twice_and_names_are_ones_that_the_api_takes() -> None:
    everybody = people(MOST_PEOPLE, 1)
    assert len({person.username for person in everybody}) == MOST_PEOPLE
    for person in everybody:
        assert 3 <= len(person.username) <= 30
        assert set(person.username) <= set("abcdefghijklmnopqrstuvwxyz0123456789._")
        assert person.email.endswith("@demo.example")


def test_a_story_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert story(12, 40, 1) == story(12, 40, 1)
    assert story(12, 40, 1) != story(12, 40, 2)


def test_follows_are_distinct_and_of_others() -> None:
    follows = story(40, 10, 1).follows
    assert len(set(follows)) == len(follows)
    assert all(follower != followed for follower, followed in follows)
    assert {follower for follower, _ in follows} == set(range(40))


def test_a_few_are_followed_by_many_and_many_by_few() -> None:
    followers = Counter(followed for _, followed in story(100, 10, 1).follows)
    popular = sorted(followers.values(), reverse=True)
    assert popular[0] > 3 * popular[len(popular) // 2]
    assert popular[0] == max(followers[person] for person in range(5))


def test_everybody_posts_where_there_are_posts_enough() -> None:
    assert {post.author for post in story(12, 40, 1).posts} == set(range(12))
    assert len({post.author for post in story(12, 5, 1).posts}) == 5


def test_a_post_is_found_again_by_its_author_and_caption() -> None:
    posts = story(2, 500, 1).posts
    assert len({(post.author, post.caption) for post in posts}) == 500


def test_posts_have_what_a_feed_needs() -> None:
    plan = story(12, 40, 1)
    followers = {(followed, follower) for follower, followed in plan.follows}
    for post in plan.posts:
        assert 1 <= len(post.photos) <= 3
        assert tags_of(post.caption)
        audience = {*post.likers, *post.savers, *(said.person for said in post.comments)}
        assert all((post.author, person) in followers for person in audience)


def test_the_keenest_follows_the_most() -> None:
    plan = story(12, 40, 1)
    following = Counter(follower for follower, _ in plan.follows)
    assert following[keenest(plan)] == max(following.values())


def test_two_people_and_one_post_are_a_story() -> None:
    plan = story(2, 1, 1)
    assert len(plan.posts) == 1
    assert {*plan.follows} <= {(0, 1), (1, 0)}
