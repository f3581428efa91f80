"""The rules of manners, rule by rule and all together: what is answered, what is not, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.curation.cooldowns import Wait
from bot.curation.policy import Decision, Reason, State, decide
from bot.curation.quiet import QuietHours
from bot.curation.settings import PlaceSettings
from bot.curation.typed import Channels
from bot.platforms.outlet import Place
from tests.bot.curation.said import LINK, PLACE, said
from tests.bot.curation.test_quiet import moments
from tests.bot.curation.test_settings import places

USUAL = PlaceSettings()
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
STATE = State(NOON)
PRIVATE = Place("discord", "", "77")
ALWAYS_RULED_OUT: dict[Reason, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "opted out": ({}, {}, {"opted_out": True}),
    "off here": ({}, {"mode": "off"}, {}),
    "channel not served": ({}, {"channels": Channels(only=True, ids=("99",))}, {}),
    "for adults": ({"nsfw": True}, {}, {}),
    "blocked": ({}, {}, {"blocked": True}),
    "no curators": ({}, {"mode": "review"}, {}),
    "queue full": ({}, {}, {"queue_full": True}),
    "cooldown": ({}, {}, {"wait": Wait(2.1, "asked")}),
}
TOLD_ALONE = {"opted out", "off here", "channel not served", "cooldown"}
UNLESS_ASKED: dict[Reason, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "not asked": ({}, {"passive": False}, {}),
    "no song": ({"links": ()}, {}, {}),
    "quiet hours": ({}, {"quiet": QuietHours(time(11), time(13), "UTC")}, {}),
    "same song": ({}, {"window": 3600}, {"since_same": 3599.0}),
}


@pytest.mark.parametrize(("reason", "case"), ALWAYS_RULED_OUT.items())
def test_what_is_ruled_out_for_all_is_explained_to_whoever_asked(reason: Reason, case: tuple[Any, Any, Any]) -> None:
    heard, settings, state = case
    place, known = replace(USUAL, **settings), replace(STATE, **state)
    assert decide(said(**heard), place, known) == Decision("silent", reason, "")
    told = decide(said(**heard, asked=True), place, known)
    assert (told.act, told.reason) == ("silent", reason)
    assert bool(told.tell) is (reason not in TOLD_ALONE)
    by_command = decide(said(**heard, asked=True), place, replace(known, by_command=True))
    assert by_command.tell.endswith(".")


@pytest.mark.parametrize(("reason", "case"), UNLESS_ASKED.items())
def test_what_is_passed_over_is_answered_to_whoever_asks(reason: Reason, case: tuple[Any, Any, Any]) -> None:
    heard, settings, state = case
    place, known = replace(USUAL, **settings), replace(STATE, **state)
    assert decide(said(**heard), place, known) == Decision("silent", reason, "")
    assert decide(said(**heard, asked=True), place, known) == Decision("answer", "asked", "")


@pytest.mark.parametrize(("author", "reason"), [("self", "own message"), ("bot", "other bot")])
@pytest.mark.parametrize("asked", [True, False])
def test_bots_are_not_answered_and_told_nothing(author: Any, reason: Reason, asked: bool) -> None:
    assert decide(said(asked=asked, author=author), USUAL, STATE) == Decision("silent", reason, "")


def test_a_link_is_answered_and_in_review_it_becomes_a_draft() -> None:
    review = replace(USUAL, mode="review", curators_channel="50")
    assert decide(said(), USUAL, STATE) == Decision("answer", "heard", "")
    assert decide(said(), review, STATE) == Decision("draft", "in review", "")
    assert decide(said(asked=True), review, STATE).tell == "A curator takes a look first; then I answer."


def test_the_cooldown_says_how_long() -> None:
    pressed = replace(STATE, by_command=True)
    told = [decide(said(asked=True), USUAL, replace(pressed, wait=Wait(left, "asked"))).tell for left in (0.01, 1.2)]
    assert told == [f"You asked only a moment ago: try again in {left}." for left in ("1 second", "2 seconds")]
    again = decide(said(asked=True), USUAL, replace(pressed, wait=Wait(4.2, "again")))
    assert again.tell == "Somebody asked for another only a moment ago: try again in 5 seconds."


def test_who_opted_out_is_told_alone_whether_they_ask_or_wrote_the_message() -> None:
    asked = said(asked=True, place=PRIVATE)
    assert decide(asked, USUAL, replace(STATE, opted_out=True)).tell.startswith("You asked me not to answer you")
    pressed = decide(said(asked=True), USUAL, replace(STATE, author_opted_out=True, by_command=True))
    assert (pressed.reason, pressed.tell) == ("opted out", "Whoever wrote that message wants no answers from me.")
    assert decide(said(asked=True), USUAL, replace(STATE, author_opted_out=True)) == Decision("silent", "opted out", "")


def test_a_thread_is_served_with_its_channel_and_a_private_talk_always() -> None:
    only = replace(USUAL, channels=Channels(only=True, ids=("99",)))
    but = replace(USUAL, channels=Channels(only=False, ids=("99",)))
    in_thread = said(parent="99")
    assert [decide(in_thread, place, STATE).reason for place in (only, but)] == ["heard", "channel not served"]
    assert decide(said(place=PRIVATE, asked=True), only, STATE).act == "answer"


@pytest.mark.parametrize(("since", "reason"), [(None, "heard"), (3600.0, "heard"), (-5.0, "same song"), (0.0, "same song")])
def test_the_window_ends_on_time(since: float | None, reason: Reason) -> None:
    assert decide(said(), replace(USUAL, window=3600), replace(STATE, since_same=since)).reason == reason


def test_adults_are_served_where_an_admin_allows_it() -> None:
    assert decide(said(nsfw=True), replace(USUAL, adults=True), STATE).act == "answer"


heards = st.builds(
    said,
    place=st.sampled_from((PLACE, PRIVATE)),
    links=st.sampled_from(((), (LINK,))),
    asked=st.booleans(),
    edited=st.booleans(),
    nsfw=st.booleans(),
    author=st.sampled_from(("person", "bot", "self")),
    parent=st.sampled_from(("", "1", "20")),
)
states = st.builds(
    State,
    now=moments,
    opted_out=st.booleans(),
    author_opted_out=st.booleans(),
    by_command=st.booleans(),
    wait=st.builds(Wait, st.floats(0, 1e9), st.sampled_from(("", "person", "asked", "again"))),
    since_same=st.none() | st.floats(),
    queue_full=st.booleans(),
    blocked=st.booleans(),
)


@given(heards, places, states)
def test_every_case_has_one_decision(heard: Any, settings: PlaceSettings, state: State) -> None:
    decision = decide(heard, settings, state)
    assert decision == decide(heard, settings, state)
    assert decision.reason in get_args(Reason)
    assert heard.asked or not decision.tell
    assert (decision.act == "silent") is (decision.reason not in {"asked", "heard", "in review"})
    aloud = heard.place == PLACE and not state.by_command
    explained = decision.act == "silent" and heard.asked and heard.author == "person"
    explained = explained and not (aloud and decision.reason in TOLD_ALONE)
    assert bool(decision.tell) is (explained or (heard.asked and decision.act == "draft"))
    if decision.act != "silent":
        assert not any((state.opted_out, state.author_opted_out, state.blocked, state.queue_full, state.wait.seconds))
        assert settings.mode == ("review" if decision.act == "draft" else "auto")
        assert settings.adults or not heard.nsfw
        assert heard.asked or settings.quiet is None or not settings.quiet.hold(state.now)
