"""Cooldowns: who waits how long, what is counted when, and that memory stays bounded."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.curation.cooldowns import NO_WAIT, Cooldowns, Notices, Wait
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


def test_an_edit_does_not_wait_for_what_its_own_message_began() -> None:
    cooldowns = Cooldowns(Clock())
    cooldowns.use(said(message="m1"))
    assert cooldowns.would_wait(said(message="m1", edited=True), SETTINGS) == NO_WAIT
    assert cooldowns.would_wait(said(message="m2", edited=True), SETTINGS) == Wait(30, "person")
    cooldowns.use(said(message="m2"))
    assert cooldowns.would_wait(said(message="m1", edited=True), SETTINGS) == Wait(30, "person")


def test_another_reply_in_a_channel_is_had_every_few_seconds_by_whomever() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    asked = said(asked=True)
    cooldowns.use(asked)
    assert cooldowns.would_wait(said("discord:2", asked=True), SETTINGS, again=True) == NO_WAIT
    cooldowns.use(asked, again=True)
    clock.now += 1
    assert cooldowns.would_wait(said("discord:2", asked=True), SETTINGS, again=True) == Wait(4, "again")
    assert cooldowns.would_wait(said("discord:2", asked=True), SETTINGS) == NO_WAIT
    unlimited = replace(SETTINGS, cooldown_asked=0, cooldown_channel=0)
    assert cooldowns.would_wait(said("discord:2", asked=True), unlimited, again=True) == NO_WAIT
    assert cooldowns.would_wait(said("discord:2", OTHER_CHANNEL, asked=True), SETTINGS, again=True) == NO_WAIT


def test_somebody_is_told_one_thing_in_a_channel_in_ten_minutes() -> None:
    clock = Clock()
    notices = Notices(clock, most=2)
    assert [notices.may(said()) for _ in range(2)] == [True, False]
    assert [notices.may(said("discord:2")), notices.may(said(place=OTHER_CHANNEL)), notices.may(said())] == [True, True, True]
    assert [notices.may(said(place=Place("discord", "", "20"))) for _ in range(2)] == [True, True]
    clock.now += 600
    assert notices.may(said())


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
