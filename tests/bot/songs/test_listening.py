"""What is heard in previews: accuracy on sounds of known tempo, level and pitch; and what hostile files and servers do."""

import asyncio
import importlib
import io
import math
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web
from numpy.typing import NDArray

from bot.errors import LeftAloneError, LimitedError, ServiceError, UnavailableError
from bot.songs.listening.ear import WAITING, Ear
from bot.songs.listening.listener import Listener
from bot.songs.song import AudioFeatures
from bot.stand_ins import faults
from bot.stand_ins.base import Handler, StandIn

RATE = 22_050
HOST = "cdnt-preview.dzcdn.net"
PREVIEW = f"https://{HOST}/api/1/1/0/0/0/preview.mp3?hdnea=exp=1~hmac=0"

Sound = NDArray[np.float64]


@pytest.fixture(scope="module")
def hearing() -> ModuleType:
    """The module that measures; it takes a second to load, so only those who need it do."""
    return importlib.import_module("bot.songs.listening.hearing")


def file(sound: Sound, kind: str = "WAV", rate: int = RATE, **options: str) -> bytes:
    """A sound as a file."""
    soundfile = importlib.import_module("soundfile")
    made = io.BytesIO()
    soundfile.write(made, sound, rate, format=kind, **options)
    return made.getvalue()


def times(seconds: float, rate: int = RATE) -> Sound:
    return np.arange(int(seconds * rate)) / rate


def sine(hertz: float, seconds: float = 5, level: float = 0.1, rate: int = RATE) -> Sound:
    return level * np.sin(2 * np.pi * hertz * times(seconds, rate))


def noise(seconds: float = 5, level: float = 0.1, seed: int = 1) -> Sound:
    return level * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def beat(bpm: float, seconds: float = 15, begin: float = 0.13) -> Sound:
    """A click on each beat."""
    sound = np.zeros(int(seconds * RATE))
    click = np.exp(-times(0.02) / 0.004) * sine(1500, 0.02, 0.5)
    for moment in np.arange(begin, seconds - 0.1, 60 / bpm):
        at = int(moment * RATE)
        sound[at : at + len(click)] += click
    return sound


def drums(bpm: float, seconds: float = 15) -> Sound:
    """Bass drum and snare in turns, a hi-hat on the eighths, some of it late, over noise."""
    rng = np.random.default_rng(3)
    sound, step = 0.01 * rng.standard_normal(int(seconds * RATE)), 30 / bpm
    short = times(0.2)
    kick, snare = (
        np.exp(-short / 0.06) * np.sin(2 * np.pi * 55 * short),
        np.exp(-short / 0.03) * rng.standard_normal(len(short)),
    )
    hat = np.exp(-short / 0.01) * np.diff(rng.standard_normal(len(short)), prepend=0)
    for number in range(int(seconds / step) - 2):
        at = int((0.2 + number * step + abs(rng.normal(0, 0.004))) * RATE)
        sound[at : at + len(short)] += 0.1 * hat + (0.0 if number % 2 else 0.5 * kick if number % 4 else 0.3 * snare)
    return sound


# --- tempo ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bpm", [60, 66.7, 75, 87.3, 96, 108, 120, 128.5, 140, 150, 165])
def test_the_tempo_of_clicks_is_right(hearing: ModuleType, bpm: float) -> None:
    assert hearing.tempo(beat(bpm).astype(np.float32)) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("bpm", [80, 84, 90.5, 100, 115, 124, 133, 140])
def test_the_tempo_of_drums_is_right(hearing: ModuleType, bpm: float) -> None:
    assert hearing.tempo(drums(bpm).astype(np.float32)) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("make", [beat, drums])
@pytest.mark.parametrize("bpm", [60, 70, 155, 180, 200])
def test_very_slow_and_very_fast_pulses_are_at_most_an_octave_off(
    hearing: ModuleType, make: Callable[[float], Sound], bpm: float
) -> None:
    read = hearing.tempo(make(bpm).astype(np.float32))
    assert any(read == pytest.approx(bpm * octave, rel=0.01) for octave in (0.5, 1, 2))


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "MP3"])
@pytest.mark.parametrize("rate", [22_050, 44_100])
def test_the_format_changes_nothing(hearing: ModuleType, kind: str, rate: int) -> None:
    sound = np.repeat(drums(128, 6), rate // RATE)
    heard = hearing.measure(file(np.stack([sound, sound], axis=1), kind, rate))
    assert heard["tempo"] == pytest.approx(128, rel=0.01)


@cache
def no_pulse() -> dict[str, Sound]:
    rng = np.random.default_rng(4)
    scattered = sum(beat(1, 15, moment) for moment in rng.uniform(0, 14, 40))
    return {
        "noise": noise(15),
        "sine": sine(440, 15),
        "tremolo": sine(440, 15) * (1 + 0.5 * np.sin(2 * np.pi * 5 * times(15))),
        "fade": noise(15) * times(15) / 15,
        "scattered": np.asarray(scattered),
        "one": beat(1, 15, 7.0),
    }


@pytest.mark.parametrize("name", ["noise", "sine", "tremolo", "fade", "scattered", "one"])
def test_where_no_pulse_is_clear_no_tempo_is_claimed(hearing: ModuleType, name: str) -> None:
    heard = hearing.measure(file(no_pulse()[name]))
    assert "tempo" not in heard
    assert {"loudness", "brightness"} == set(heard)


# --- loudness -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("level", [-3.0, -20.0, -40.0])
def test_loudness_is_that_of_the_standards_reference_tone(hearing: ModuleType, rate: int, level: float) -> None:
    """BS.1770: a sine of 997 Hz in both channels is as many LUFS as its peaks are dB."""
    tone = sine(997, 5, 10 ** (level / 20), rate)
    assert hearing.loudness(np.stack([tone, tone], axis=1), rate) == pytest.approx(level, abs=0.1)
    assert hearing.loudness(tone[:, None], rate) == pytest.approx(level, abs=0.1)  # one channel is played by both
    left = np.stack([tone, 0 * tone], axis=1)
    assert hearing.loudness(left, rate) == pytest.approx(level - 3.01, abs=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        [(-36, 10), (-23, 30), (-36, 10)],  # case 3 of EBU Tech 3341, cut to half
        [(-72, 10), (-36, 10), (-23, 30), (-36, 10), (-72, 10)],  # case 4
        [(-26, 20), (-20, 20.1), (-26, 20)],  # case 5
    ],
)
def test_quiet_parts_do_not_count(hearing: ModuleType, parts: list[tuple[float, float]]) -> None:
    tone = np.concatenate([sine(1000, seconds, 10 ** (level / 20)) for level, seconds in parts])
    assert hearing.loudness(np.stack([tone, tone], axis=1), RATE) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "MP3"])
def test_loudness_of_a_file_is_within_a_decibel_and_a_half(hearing: ModuleType, kind: str) -> None:
    tone = sine(997, 6, 10 ** (-14 / 20))
    assert hearing.measure(file(np.stack([tone, tone], axis=1), kind))["loudness"] == pytest.approx(-14, abs=0.5)


# --- brightness -----------------------------------------------------------------------------------------------------


def test_brightness_rises_with_the_middle_of_the_spectrum(hearing: ModuleType) -> None:
    hertz = [60, 120, 250, 500, 1000, 2000, 4000, 8000, 10_500]
    heard = [hearing.brightness(sine(each).astype(np.float32)) for each in hertz]
    assert all(lower < higher for lower, higher in pairwise(heard[1:]))
    assert heard[4] == pytest.approx(0.5, abs=0.01)
    for each, value in zip(hertz[2:8], heard[2:8], strict=True):
        assert value == pytest.approx(math.log10(each / 100) / 2, abs=0.02)
    assert heard[0] < 0.1
    assert heard[-1] == 1.0


def test_brightness_does_not_depend_on_the_level_or_on_pauses(hearing: ModuleType) -> None:
    sound = noise(4)
    paused = np.concatenate([sound, np.zeros(4 * RATE)])
    values = [hearing.brightness(each.astype(np.float32)) for each in (sound, 0.01 * sound, paused)]
    assert values == pytest.approx([values[0]] * 3, abs=0.01)


# --- hostile files --------------------------------------------------------------------------------------------------

M4A = b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A mp42isom\x00\x00\x00\x00" + bytes(2000)


def bad_files() -> dict[str, bytes]:
    nan, infinite, loud = noise(4), noise(4), noise(4)
    nan[1000], infinite[1000], loud[1000] = np.nan, np.inf, 1e300
    good = file(noise(4))
    return {
        "nothing": b"",
        "text": b"<html>not found</html>",
        "m4a": M4A,
        "au": file(noise(4), "AU"),  # libsndfile could, but no preview is in such a format
        "id3 and nothing": b"ID3" + bytes(5000),
        "sync and nothing": b"\xff\xfb\x90\x00" * 2000,
        "short": file(noise(1)),
        "cut": good[:40],
        "no data": good[:44],
        "silence": file(np.zeros(4 * RATE)),
        "nearly silence": file(noise(4, 1e-5), subtype="FLOAT"),
        "nan": file(nan, subtype="FLOAT"),
        "infinite": file(infinite, subtype="DOUBLE"),
        "too loud for a float": file(loud, subtype="DOUBLE"),
        "many channels": file(np.stack([noise(4)] * 8, axis=1)),
        "rate of 4 GHz": good[:24] + b"\xff\xff\xff\xff" + good[28:],
        "rate of 0": good[:24] + bytes(4) + good[28:],
        "flac cut": file(noise(4), "FLAC")[:3000],
    }


def test_what_is_no_music_gives_nothing(hearing: ModuleType) -> None:
    assert [name for name, audio in bad_files().items() if hearing.measure(audio)] == []


def test_hours_in_a_small_file_are_not_unpacked(hearing: ModuleType) -> None:
    """Behind the forty seconds that are read comes something else, which would be heard."""
    tone, loud = sine(500, 40, rate=8000), sine(3000, 40, 0.9, rate=8000)
    bomb = file(np.concatenate([tone, np.tile(loud, 20)]), "FLAC", 8000)
    heard = hearing.measure(bomb)
    assert heard["brightness"] == pytest.approx(0.35, abs=0.01)
    assert heard["loudness"] == pytest.approx(-20.5, abs=1)


# --- previews from a server -----------------------------------------------------------------------------------------

in_one_loop = pytest.mark.asyncio(loop_scope="module")  # so that one program serves many tests, as it does many songs


class Previews(StandIn):
    """Answers with one file, or with a fault."""

    audio = b""

    def routes(self) -> dict[str, Handler]:
        return {"/{path:.*}": self._answer}

    async def _answer(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=self.audio, content_type="audio/mpeg")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared() -> AsyncIterator[Previews]:
    async with Previews() as server:
        server.audio = file(drums(128, 6), "MP3")
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def listener(shared: Previews) -> AsyncIterator[Listener]:
    """One for many tests; whoever is first waits for its program, the very first time on a computer up to a minute."""
    listener = Listener(deadline=90, agent="deephypebot/test", bases={HOST: shared.base})
    yield listener
    await listener.close()


@pytest.fixture
def server(shared: Previews) -> Previews:
    shared.asked.clear()
    shared.fault = None
    return shared


@asynccontextmanager
async def listening(server: Previews, deadline: float = 10) -> AsyncIterator[Listener]:
    listener = Listener(deadline=deadline, agent="deephypebot/test", bases={HOST: server.base})
    try:
        yield listener
    finally:
        await listener.close()


@in_one_loop
async def test_a_preview_is_heard_and_the_event_loop_is_not_held_up(listener: Listener, server: Previews) -> None:
    """From the program's start on. What other programs of this computer do must not count, so it is the bot's own time."""
    worst, seen = 0.0, time.process_time()

    async def tick() -> None:
        nonlocal worst, seen
        while True:
            await asyncio.sleep(0.002)
            now = time.process_time()
            worst, seen = max(worst, now - seen), now

    ticking = asyncio.create_task(tick())
    heard = await listener.hear(PREVIEW)
    ticking.cancel()
    assert heard is not None
    assert heard.tempo == pytest.approx(128, rel=0.01)
    assert set(heard.known()) == {"tempo", "loudness", "brightness"}
    assert worst < 0.05
    assert [asked.headers["User-Agent"] for asked in server.asked] == ["deephypebot/test"]


@in_one_loop
@pytest.mark.parametrize(
    "preview",
    [
        "",
        "preview.mp3",
        PREVIEW.replace("https", "http"),
        PREVIEW.replace(HOST, "evil.example"),
        PREVIEW.replace(HOST, f"{HOST}.evil.example"),
        PREVIEW.replace(HOST, "evildzcdn.net"),
        PREVIEW.replace(HOST, f"{HOST}:8080"),
        PREVIEW.replace(HOST, f"me@{HOST}"),
        PREVIEW.replace(HOST, "127.0.0.1"),
        PREVIEW + "\r\nX-Evil: 1",
        PREVIEW + "y" * 3000,
        "https://audio-ssl.itunes.apple.com/itunes-assets/AudioPreview/mzaf_1.plus.aac.p.m4a",  # AAC
        "https://a1.mzstatic.com/preview.M4A?x=1",
        "file:///etc/passwd",
    ],
)
async def test_other_addresses_are_not_fetched(listener: Listener, server: Previews, preview: str) -> None:
    assert not listener.can_hear(preview)
    assert await listener.hear(preview) is None
    assert not server.asked


@in_one_loop
@pytest.mark.parametrize("address", ["https://e-cdns-preview-a.dzcdn.net/x-1.mp3", "https://a1.mzstatic.com/a.mp3", PREVIEW])
async def test_previews_of_the_known_services_can_be_heard(listener: Listener, address: str) -> None:
    assert listener.can_hear(address)


def served(body: bytes) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    return answer


@in_one_loop
@pytest.mark.parametrize("fault", [faults.status(404), faults.status(410), served(b"<html>"), served(M4A), served(b"")])
async def test_where_there_is_no_music_nothing_is_heard(listener: Listener, server: Previews, fault: Handler) -> None:
    server.fault = fault
    assert await listener.hear(PREVIEW) is None


@in_one_loop
@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (faults.status(403), UnavailableError, "answered with status 403"),
        (faults.status(500), UnavailableError, "answered with status 500"),
        (faults.too_often("90"), LimitedError, "asks to be left alone for 90 s"),
        (faults.redirect("https://127.0.0.1/"), UnavailableError, r"answered with a redirect \(status 302\), .*"),
        (faults.huge, UnavailableError, "was given more than 2048 KiB"),
        (faults.closed, UnavailableError, "broke the connection off"),
        (faults.truncated, UnavailableError, "broke the connection off"),
    ],
)
async def test_faults_are_one_sentence(server: Previews, fault: Handler, error: type[ServiceError], words: str) -> None:
    server.fault = fault
    async with listening(server) as listener:
        with pytest.raises(error, match=f"^{words}$"):
            await listener.hear(PREVIEW)


# --- the program ----------------------------------------------------------------------------------------------------


@in_one_loop
async def test_a_slow_server_ends_at_the_deadline(server: Previews) -> None:
    server.fault = faults.slow_body
    async with listening(server, deadline=0.2) as listener:
        with pytest.raises(UnavailableError, match=r"^took longer than 0\.2 s$"):
            await listener.hear(PREVIEW)


@in_one_loop
async def test_while_the_program_starts_others_go_on_without_it(server: Previews) -> None:
    """That is nobody's failure, so that it does not count as one, and closing meanwhile leaves nothing behind."""
    others = own_children()
    async with listening(server, deadline=0.1) as listener:
        for _ in range(5):
            with pytest.raises(LeftAloneError, match=r"^is still being made ready"):
                await listener.hear(PREVIEW)
        assert len(own_children() - others) == 1
    assert own_children() == others
    with pytest.raises(UnavailableError, match="is no longer"):
        await listener.hear(PREVIEW)


@in_one_loop
async def test_one_is_measured_at_a_time_and_few_may_wait(listener: Listener, server: Previews) -> None:
    """Whoever gives up waiting ends nothing; a program that dies is told of once and started again."""
    program = own_children()
    answers = await asyncio.gather(*(listener.hear(PREVIEW) for _ in range(WAITING + 3)), return_exceptions=True)
    heard = [answer for answer in answers if isinstance(answer, AudioFeatures)]
    assert len(heard) == WAITING + 1
    assert [type(answer) for answer in answers if not isinstance(answer, AudioFeatures)] == [LeftAloneError] * 2
    assert all(answer == heard[0] for answer in heard)

    tasks = [asyncio.create_task(listener.hear(PREVIEW)) for _ in range(3)]
    _, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for other in others:  # the next one is being measured by now
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    assert others
    assert await listener.hear(PREVIEW) == heard[0]
    assert own_children() == program

    for child in program:
        os.kill(child, signal.SIGKILL)
    with pytest.raises(UnavailableError, match=r"^broke off$"):
        await listener.hear(PREVIEW)
    assert await listener.hear(PREVIEW) == heard[0]


def own_children() -> set[int]:
    """The ids of the programs that this one has started."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}


@in_one_loop
async def test_the_program_learns_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It says what it sees of its surroundings, in place of a library that does not load."""
    (tmp_path / "soundfile.py").write_text("import os\nraise ImportError(' '.join(sorted(os.environ))[:250])")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DEEPHYPEBOT_DISCORD__TOKEN", "a secret")
    monkeypatch.setenv("OTHER_TOKEN", "another")
    ear = Ear()
    with pytest.raises(
        UnavailableError, match=r"^cannot load its libraries \(ImportError: .*PYTHONPATH.*install .* anew$"
    ) as told:
        await ear.ready(60)
    await ear.close()
    assert "TOKEN" not in str(told.value)


@in_one_loop
async def test_where_nothing_compiled_can_be_kept_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fault = "cannot cache function 'x': no locator available for file 'y'"
    (tmp_path / "soundfile.py").write_text(f"raise RuntimeError({fault!r})")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ear = Ear()
    with pytest.raises(UnavailableError, match="set NUMBA_CACHE_DIR to a folder that the bot may write to"):
        await ear.ready(60)
    await ear.close()


def test_the_extra_is_told_of_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Listener.available() is None
    monkeypatch.setitem(sys.modules, "librosa", None)  # as if it were not installed
    told = Listener.available()
    assert told is not None
    assert told.startswith('Listening to previews needs librosa: run pip install "deephypebot[listen]"')
