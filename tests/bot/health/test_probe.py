"""What asks for others: the probe of something slow, and the meter of the event loop."""

import asyncio

import pytest

from bot.health.lag import LagMeter
from bot.health.probe import Probe
from tests.bot.health.watching import Clock


async def test_a_probe_asks_seldom_once_at_a_time_and_keeps_nobody_waiting() -> None:
    clock, asked, answers = Clock(), [], asyncio.Queue[str]()

    async def ask() -> str:
        asked.append(clock.seconds)
        return await answers.get()

    probe = Probe(ask, "too late", fresh=5, patience=0.01, longest=10, clock=clock.monotonic)
    assert await asyncio.gather(probe.look(), probe.look()) == [None, None]
    assert len(asked) == 1
    answers.put_nowait("well")
    assert await probe.look() == "well"
    clock.seconds = 4.9
    assert (await probe.look(), len(asked)) == ("well", 1)
    clock.seconds = 5.0
    assert (await probe.look(), len(asked)) == ("well", 2)  # the last answer counts while the next is on its way
    clock.seconds = 14.9
    assert await probe.look() == "well"
    clock.seconds = 15.0
    assert (await probe.look(), len(asked)) == ("too late", 2)
    answers.put_nowait("well again")
    assert await probe.look() == "well again"
    await probe.close()


async def test_a_probe_survives_what_it_asks() -> None:
    clock = Clock()

    async def ask() -> str:
        raise RuntimeError("broken")

    probe = Probe(ask, "unknown", clock=clock.monotonic)
    assert (await probe.look(), await probe.look()) == ("unknown", "unknown")
    await probe.close()


async def test_the_meter_tells_how_late_the_event_loop_was(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, told = asyncio.get_running_loop(), asyncio.Queue[float]()
    meter = LagMeter(told.put_nowait, interval=0.01)
    meter.start()
    on_time = await told.get()
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + 7.5)  # as if it had been held up for so long
    late = await told.get()
    assert 0 <= on_time < 5 < late < 12
    meter.stop()
    meter.stop()
    assert told.empty()
