"""The pace at which a service is asked: never faster, each in its turn, on a clock of our own that may wake late."""

import asyncio
from collections import deque
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LeftAloneError
from bot.songs.network.gate import Pace
from tests.bot.songs.fake_clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def fastest(begun: list[float], seconds: float) -> int:
    """The most that begin within any span of less than `seconds`."""
    window: deque[float] = deque()
    most = 0
    for moment in sorted(begun):
        window.append(moment)
        while moment - window[0] >= seconds - 1e-9:
            window.popleft()
        most = max(most, len(window))
    return most


@pytest.mark.parametrize(("times", "seconds"), [(1, 1.1), (5, 1.0), (3, 0.25)])
async def test_two_hundred_at_once_begin_no_faster_than_the_pace(clock: FakeClock, times: int, seconds: float) -> None:
    pace = Pace(times, seconds, clock=clock, sleep=clock.sleep)
    begun: list[float] = []

    async def request() -> None:
        await pace.turn(patience=float("inf"))
        begun.append(clock.now)

    start = clock.now
    await clock.run(*(request() for _ in range(200)))
    assert len(begun) == 200
    assert fastest(begun, seconds) == times
    # Nor slower than it allows.
    assert clock.now - start == pytest.approx((200 // times - (200 % times == 0)) * seconds)


async def test_of_two_hundred_at_once_those_for_whom_it_is_too_late_are_turned_away_at_once(clock: FakeClock) -> None:
    pace = Pace(1, 1.1, clock=clock, sleep=clock.sleep)
    turned_away: list[tuple[float, str]] = []

    async def request() -> None:
        try:
            await pace.turn(patience=2.0)
        except LeftAloneError as error:
            turned_away.append((clock.now, str(error)))

    start = clock.now
    await clock.run(*(request() for _ in range(200)))
    assert turned_away == [(start, "is asked at most once in 1.1 s, and others are before")] * 198
    # Whoever is turned away takes nobody's turn.
    assert clock.now - start == pytest.approx(1.1)
    clock.now += 1.1
    await pace.turn(patience=0.0)


@given(
    st.integers(1, 4),
    st.floats(0.1, 3),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 5)), min_size=1, max_size=25),
)
async def test_the_pace_holds_whenever_requests_come_and_however_long_they_wait(
    times: int, seconds: float, arrivals: list[tuple[float, float]]
) -> None:
    clock = FakeClock()
    pace = Pace(times, seconds, clock=clock, sleep=clock.sleep)
    begun: list[float] = []

    async def request(arrival: float, patience: float) -> None:
        await clock.sleep(arrival)
        try:
            await pace.turn(patience)
        except LeftAloneError:
            return
        assert clock.now - 1000 - arrival <= patience + 1e-6
        begun.append(clock.now)

    later = [(sum(gap for gap, _ in arrivals[: place + 1]), patience) for place, (_, patience) in enumerate(arrivals)]
    outcomes = await clock.run(*(request(*each) for each in later))
    assert outcomes == [None] * len(arrivals)
    assert 0 < fastest(begun, seconds) <= times


async def test_a_sleep_that_ends_early_does_not_let_a_request_begin_early(clock: FakeClock) -> None:
    async def light_sleep(seconds: float) -> None:
        clock.now += max(seconds / 2, 1e-9)

    pace = Pace(1, 1.0, clock=clock, sleep=light_sleep)
    await pace.turn(0)
    start = clock.now
    await pace.turn(2)
    assert clock.now - start >= 1.0


class LateClock(FakeClock):
    """Wakes whoever sleeps late, as a busy computer does, each time by another part of a second."""

    def __init__(self) -> None:
        super().__init__()
        self._late = cycle((0.0, 0.9, 0.0, 0.3, 0.05, 0.0, 1.7))

    def wake(self) -> None:
        before = self.now
        super().wake()
        if self.now > before:
            self.now += next(self._late)


@pytest.mark.parametrize(("times", "seconds"), [(1, 1.1), (5, 1.0)])
async def test_a_late_start_lets_nobody_begin_too_soon_behind_it(times: int, seconds: float) -> None:
    clock = LateClock()
    pace = Pace(times, seconds, clock=clock, sleep=clock.sleep)
    begun: list[tuple[float, int]] = []

    async def request(number: int) -> None:
        await pace.turn(patience=float("inf"))
        begun.append((clock.now, number))

    await clock.run(*(request(number) for number in range(200)))
    assert [number for _, number in begun] == list(range(200))  # each in its turn
    assert fastest([moment for moment, _ in begun], seconds) == times


async def test_whoever_stops_waiting_leaves_the_turn_to_the_next(clock: FakeClock) -> None:
    pace = Pace(1, 1.0, clock=clock, sleep=clock.sleep)
    await pace.turn(0)
    waiting = [asyncio.ensure_future(pace.turn(9)) for _ in range(5)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    start = clock.now
    await clock.run(pace.turn(1.0))
    assert clock.now - start == pytest.approx(1.0)


async def test_pace_on_the_real_clock_lets_the_first_ones_begin_at_once() -> None:
    pace = Pace(3, 3600)
    for _ in range(3):
        await pace.turn(0)
    with pytest.raises(LeftAloneError, match="at most 3 times in 3600 s"):
        await pace.turn(3)
