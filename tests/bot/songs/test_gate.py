"""Whether a service may be asked: breaker, wishes to be left alone, refused endpoints; on a clock of our own."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LeftAloneError, LimitedError, RefusedError, ServiceError, UnavailableError
from bot.songs.network.gate import ALL, FIRST_REST, LONGEST_REST, MANY_UNKNOWN, REFUSED_REST, TRIES, Gate
from tests.bot.songs.fake_clock import FakeClock

DOWN = UnavailableError("took longer than 3 s")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def gate(clock: FakeClock) -> Gate:
    return Gate("Service", clock=clock)


def fail(gate: Gate, times: int = 1, error: ServiceError = DOWN, endpoint: str = "track") -> None:
    for _ in range(times):
        gate.check(endpoint)
        gate.failed(endpoint, error)


def is_open(gate: Gate, endpoint: str = "track") -> bool:
    """Whether nobody is let through; takes no trial."""
    try:
        gate.look(endpoint)
    except LeftAloneError:
        return True
    return False


# --- the breaker -----------------------------------------------------------------------------------------------


def test_the_breaker_opens_after_so_many_failures_in_a_row_and_not_before(gate: Gate) -> None:
    fail(gate, TRIES - 1)
    assert not is_open(gate)
    gate.check("track")
    gate.succeeded("track")
    fail(gate, TRIES - 1)
    assert not is_open(gate)
    fail(gate)
    assert is_open(gate)
    assert is_open(gate, "another endpoint")
    with pytest.raises(LeftAloneError, match=r"is left alone for 30 s since it took longer than 3 s"):
        gate.check("track")


def test_each_failed_trial_doubles_the_rest_up_to_the_longest(gate: Gate, clock: FakeClock) -> None:
    fail(gate, TRIES)
    rests = []
    for _ in range(8):
        rest = gate.shut[ALL][0] - clock.now
        rests.append(rest)
        clock.now += rest - 0.01
        assert is_open(gate)
        clock.now += 0.01
        fail(gate)
    assert rests == [min(FIRST_REST * 2**step, LONGEST_REST) for step in range(8)]


def test_half_open_lets_exactly_one_through_and_closes_when_it_succeeds(gate: Gate, clock: FakeClock) -> None:
    fail(gate, TRIES)
    clock.now += FIRST_REST
    assert gate.check("track") is True
    for endpoint in ("track", "search"):
        with pytest.raises(LeftAloneError, match="being tried again"):
            gate.check(endpoint)
    gate.succeeded("track")
    assert gate.check("track") is False
    assert gate.check("track") is False
    assert gate.shut == {}


def test_a_trial_that_is_given_up_leaves_the_next_one_to_try(gate: Gate, clock: FakeClock) -> None:
    fail(gate, TRIES)
    clock.now += FIRST_REST
    trial = gate.check("track")
    gate.given_up(False)  # somebody else's call, that was under way before
    assert is_open(gate)
    gate.given_up(trial)
    assert gate.check("track") is True


def test_a_trial_that_never_ends_leaves_the_next_one_to_try_after_a_rest(gate: Gate, clock: FakeClock) -> None:
    fail(gate, TRIES)
    clock.now += FIRST_REST
    gate.check("track")
    clock.now += FIRST_REST
    assert gate.check("track") is True


def test_failures_of_calls_under_way_when_the_breaker_opens_do_not_lengthen_the_rest(gate: Gate, clock: FakeClock) -> None:
    for _ in range(200):
        gate.check("track")
    for _ in range(200):
        gate.failed("track", DOWN)
    assert gate.shut[ALL][0] == clock.now + FIRST_REST


# --- wishes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", [1.0, 7200.0])
def test_a_service_that_asks_to_be_left_alone_is_so_for_just_as_long(gate: Gate, clock: FakeClock, wish: float) -> None:
    fail(gate, error=LimitedError("asks for it", wish))
    clock.now += wish - 0.01
    assert is_open(gate)
    assert is_open(gate, "another endpoint")
    clock.now += 0.02
    assert not is_open(gate)


def test_an_answer_that_was_under_way_does_not_end_the_wish_nor_say_that_it_is_back(
    gate: Gate, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    gate.check("track")
    fail(gate, error=LimitedError("asks for it", 7200))
    gate.succeeded("track")
    assert is_open(gate)
    told = "Service asks for it and is left alone for 2 h; going on without it."
    assert [record.getMessage() for record in caplog.records] == [told]
    clock.now += 7201
    gate.check("track")
    gate.succeeded("track")
    assert caplog.records[-1].getMessage() == "Service answers again."


def test_a_shorter_wish_does_not_replace_a_longer_one(gate: Gate, clock: FakeClock) -> None:
    for _ in range(2):
        gate.check("track")
    gate.failed("track", LimitedError("asks for hours", 7200))
    gate.failed("track", LimitedError("asks for seconds", 1))
    clock.now += 60
    with pytest.raises(LeftAloneError, match="2 h since it asks for hours"):
        gate.check("track")


def test_wishes_do_not_open_the_breaker(gate: Gate, clock: FakeClock) -> None:
    for _ in range(3 * TRIES):
        fail(gate, error=LimitedError("asks for it", 1))
        clock.now += 1
    assert gate.check("track") is False


def test_what_is_shut_survives_a_restart(gate: Gate, clock: FakeClock) -> None:
    gate.check("track")
    fail(gate, error=RefusedError("answered with status 403"), endpoint="audio-features")
    fail(gate, error=LimitedError("asks for it", 7200))
    again = Gate("Service", clock=clock)
    again.restore(gate.shut)
    assert again.shut == gate.shut
    clock.now += 7200
    assert not is_open(again)
    assert is_open(again, "audio-features")


# --- refused endpoints -----------------------------------------------------------------------------------------


def test_a_refused_endpoint_is_off_for_a_day_and_no_other(gate: Gate, clock: FakeClock) -> None:
    fail(gate, error=RefusedError("answered with status 403"), endpoint="audio-features")
    gate.check("track")
    gate.succeeded("track")
    clock.now += REFUSED_REST - 1
    assert not is_open(gate, "track")
    with pytest.raises(LeftAloneError, match="answered with status 403"):
        gate.check("audio-features")
    clock.now += 2
    gate.check("audio-features")
    gate.succeeded("audio-features")
    assert gate.shut == {}


def test_a_service_that_refuses_everything_is_off_for_a_day(
    gate: Gate, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    gate.check("track")
    fail(gate, error=RefusedError("does not know this app: check the id", whole=True))
    gate.succeeded("track")  # which was under way
    with pytest.raises(LeftAloneError, match=r"^is left alone for 24 h since it does not know this app: check the id$"):
        gate.check("another endpoint")
    assert ALL not in gate.shut  # other settings may mend it, so it is not written down
    clock.now += REFUSED_REST + 1
    gate.check("track")
    gate.succeeded("track")
    assert [record.getMessage() for record in caplog.records] == [
        "Service does not know this app: check the id; Service is left alone for a day; going on without it.",
        "Service answers again.",
    ]


def test_a_refused_trial_says_that_the_service_is_there(gate: Gate, clock: FakeClock) -> None:
    fail(gate, TRIES)
    clock.now += FIRST_REST
    fail(gate, error=RefusedError("answered with status 403"), endpoint="audio-features")
    assert gate.check("track") is False


# --- what is told ----------------------------------------------------------------------------------------------


def test_the_log_has_one_line_when_it_goes_down_and_one_when_it_is_back(
    gate: Gate, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(gate, TRIES)
    for _ in range(3):
        clock.now += LONGEST_REST
        fail(gate)
    clock.now += LONGEST_REST
    for _ in range(3):
        gate.check("track")
        gate.succeeded("track")
    assert [record.getMessage() for record in caplog.records] == [
        "Service took longer than 3 s; going on without it.",
        "Service answers again.",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_a_refused_endpoint_is_told_of_once(gate: Gate, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        fail(gate, error=RefusedError("answered with status 403"), endpoint="audio-features")
        gate.check("track")
        gate.succeeded("track")
        clock.now += REFUSED_REST + 1
    assert [record.getMessage() for record in caplog.records] == [
        "Service answered with status 403; audio-features is left alone for a day; going on without it."
    ]


def test_who_knows_nothing_is_told_of_and_doubted_until_something_is_known(
    gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    def ask(thing: str, known: bool = False, endpoint: str = "track") -> None:
        gate.check(endpoint)
        gate.succeeded(endpoint)
        gate.known(endpoint, thing, known)

    for _ in range(MANY_UNKNOWN):
        ask("the same")
    for number in range(MANY_UNKNOWN - 2):
        ask(f"{number}")
        ask("other", True, "album")
    assert not gate.doubted
    assert not caplog.records
    for number in range(3):
        ask(f"more {number}")
        assert gate.doubted
        assert not is_open(gate)  # whoever makes up ids shuts it for nobody
    assert [record.getMessage() for record in caplog.records] == [
        "Service has known none of the last 20 things that track was asked for; is its address still right?"
    ]
    ask("real", True)
    assert not gate.doubted


def test_outcomes_are_counted(gate: Gate) -> None:
    gate.check("track")
    gate.succeeded("track")
    fail(gate, error=DOWN)
    fail(gate, error=RefusedError("answered with status 403"), endpoint="search")
    fail(gate, error=LimitedError("asks for it", 60))
    assert is_open(gate)
    assert gate.counts == {"answered": 1, "unavailable": 1, "refused": 1, "limited": 1, "left alone": 1}
    assert gate.failures_seen == 3


@pytest.mark.parametrize(("left", "told"), [(0.2, "1 s"), (59.5, "60 s"), (150, "2 min"), (5400, "2 h"), (86_400, "24 h")])
def test_spans_are_told_as_people_say_them(gate: Gate, left: float, told: str) -> None:
    fail(gate, error=LimitedError("asks for it", left))
    with pytest.raises(LeftAloneError, match=f"left alone for {told} since"):
        gate.check("track")


@given(st.lists(st.sampled_from(["check", "ok", "down", "refused", "limited", "given up", "wait"]), max_size=60))
def test_in_whatever_order_things_happen_a_wish_and_a_refusal_are_kept(events: list[str]) -> None:
    clock = FakeClock()
    gate = Gate("Service", clock=clock)
    trial, wish, refused = False, 0.0, 0.0
    for event in events:
        if event == "check" and not is_open(gate, "track"):
            trial = gate.check("track")
        elif event == "ok":
            gate.succeeded("search")
        elif event == "down":
            gate.failed("track", DOWN)
        elif event == "refused":
            gate.failed("features", RefusedError("answered with status 403"))
            refused = clock.now + REFUSED_REST
        elif event == "limited":
            gate.failed("track", LimitedError("asks for it", 100))
            wish = clock.now + 100
        elif event == "given up":
            gate.given_up(trial)
        else:
            clock.now += 45
        assert is_open(gate, "track") or clock.now >= wish
        assert is_open(gate, "features") or clock.now >= refused
        assert all(clock.now < until <= clock.now + REFUSED_REST for until, _ in gate.shut.values())
