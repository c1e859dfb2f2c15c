"""The plan: the same seed makes the same soak, and every soak has something of everything."""

from __future__ import annotations

import pytest

from tests.soak.kinds import KINDS
from tests.soak.plan import DEATHS, moments_of, plan
from tests.soak.script import MOMENTS


def test_given_a_seed_when_it_is_planned_twice_then_stories_and_deaths_are_the_same() -> None:
    assert plan(7, 10) == plan(7, 10)
    assert plan(7, 10) != plan(8, 10)


@pytest.mark.parametrize("seed", range(1, 21))
def test_given_any_seed_when_ten_minutes_are_planned_then_every_kind_of_story_is_told_and_both_services_die(
    seed: int,
) -> None:
    schedule = plan(seed, 10)
    assert {story.kind for story in schedule.stories} == set(KINDS)
    assert {death.what for death in schedule.deaths} >= {"controller", "asterisk"}
    assert len({story.number for story in schedule.stories}) == len(schedule.stories) >= 200


@pytest.mark.parametrize("seed", range(1, 21))
def test_given_any_seed_when_something_dies_then_it_is_at_a_moment_that_its_story_leads_through(seed: int) -> None:
    schedule = plan(seed, 10)
    for death in schedule.deaths:
        assert death.moment in moments_of(schedule.stories[death.story]), death
        assert death.what in DEATHS


def test_given_any_story_when_its_acts_are_looked_at_then_each_waits_for_a_known_moment_and_the_last_one_ends_it() -> (
    None
):
    for story in plan(3, 10).stories:
        assert all(act.when in MOMENTS for act in story.acts)
        assert story.acts[-1].do == "hang_up" or story.kind == "leave_while_the_target_rings", story


def test_given_no_deaths_are_wanted_when_it_is_planned_then_nothing_dies() -> None:
    assert plan(1, 10, deaths_per_minute=0).deaths == ()
