"""Cooldowns: who waits how long, what is counted when, and that memory stays bounded."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.curation.cooldowns import NO_WAIT, Cooldowns, Wait
from bot.curation.settings import DAY, PlaceSettings
from bot.platforms.outlet import Place
from tests.bot.curation.said import PLACE, said

SETTINGS = PlaceSettings(cooldown_person=30, cooldown_channel=10, cooldown_community=5, cooldown_asked=2)
OTHER_CHANNEL = replace(PLACE, channel="21")
ELSEWHERE = Place("discord", "11", "20")


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_a_person_a_channel_and_a_community_wait_each_for_its_own() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    assert cooldowns.would_wait(said(), SETTINGS) == NO_WAIT
    cooldowns.use(said())
    clock.now += 4
    waits = {
        "same person": said(place=OTHER_CHANNEL),
        "same channel": said("discord:2"),
        "same community": said("discord:2", OTHER_CHANNEL),
        "elsewhere": said(place=ELSEWHERE),
    }
    assert {name: cooldowns.would_wait(heard, SETTINGS) for name, heard in waits.items()} == {
        "same person": Wait(26, "person"),
        "same channel": Wait(6, "channel"),
        "same community": Wait(1, "community"),
        "elsewhere": NO_WAIT,
    }
    clock.now += 26
    assert cooldowns.would_wait(said(), SETTINGS) == NO_WAIT


def test_whoever_asks_waits_for_the_cooldown_of_asking_alone() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    asked = said(asked=True)
    cooldowns.use(said())
    assert cooldowns.would_wait(asked, SETTINGS) == NO_WAIT
    cooldowns.use(asked)
    assert cooldowns.would_wait(asked, SETTINGS) == Wait(2, "asked")
    assert cooldowns.would_wait(said("discord:2", asked=True), SETTINGS) == NO_WAIT
    assert cooldowns.would_wait(said(), SETTINGS) == Wait(30, "person")


def test_looking_counts_nothing_and_what_came_to_nothing_is_given_back() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    for _ in range(3):
        assert cooldowns.would_wait(said(), SETTINGS) == NO_WAIT
    assert len(cooldowns) == 0
    cooldowns.give_back(cooldowns.use(said()))
    assert cooldowns.would_wait(said(), SETTINGS) == NO_WAIT
    assert len(cooldowns) == 0
    cooldowns.use(said())
    clock.now += 20
    cooldowns.give_back(cooldowns.use(said()))
    assert cooldowns.would_wait(said(), SETTINGS) == Wait(10, "person")


def test_an_answer_that_went_out_since_is_not_given_back() -> None:
    cooldowns = Cooldowns(Clock())
    vain = cooldowns.use(said())
    cooldowns.use(said())  # at the very same moment
    cooldowns.give_back(vain)
    cooldowns.give_back(vain)
    assert cooldowns.would_wait(said(), SETTINGS) == Wait(30, "person")


def test_only_so_many_are_kept_and_the_latest_of_them() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock, most=100)
    vain = cooldowns.use(said("discord:first"))
    for n in range(5000):
        clock.now += 0.001
        cooldowns.use(said(f"discord:{n}", replace(PLACE, channel=f"{n}")))
    assert len(cooldowns) == 201  # 100 people, 100 channels, one community
    cooldowns.give_back(vain)  # forgotten by now
    assert cooldowns.would_wait(said("discord:first"), SETTINGS).whose == "community"
    assert cooldowns.would_wait(said("discord:4950"), SETTINGS).whose == "person"


people = st.sampled_from(("discord:1", "discord:2", "discord:3"))
places = st.sampled_from((PLACE, OTHER_CHANNEL, ELSEWHERE))
steps = st.lists(
    st.tuples(people, places, st.booleans(), st.floats(-DAY, DAY), st.sampled_from(("use", "vain", "look"))), max_size=12
)
lengths = st.integers(0, DAY)


@given(steps, lengths, lengths, lengths, lengths)
def test_nobody_waits_less_than_nothing_or_longer_than_the_cooldown(
    steps: list[tuple[str, Place, bool, float, str]], person: int, channel: int, community: int, asked: int
) -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock, most=2)
    settings = PlaceSettings(
        cooldown_person=person, cooldown_channel=channel, cooldown_community=community, cooldown_asked=asked
    )
    for who, where, by_name, passed, step in steps:
        heard = said(who, where, asked=by_name)
        clock.now += passed  # a clock may be put back
        before = cooldowns.would_wait(heard, settings)
        most = asked if by_name else max(person, channel, community)
        assert 0 <= before.seconds <= most
        assert bool(before.whose) == (before.seconds > 0)
        if step != "look":
            use = cooldowns.use(heard)
            assert cooldowns.would_wait(heard, settings).seconds == most
            if step == "vain":
                cooldowns.give_back(use)
        if step == "vain" and len(cooldowns) < 2:
            assert cooldowns.would_wait(heard, settings) == before
        assert len(cooldowns) <= 8
