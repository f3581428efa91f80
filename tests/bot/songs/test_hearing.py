"""What is heard in files: accuracy on sounds of known tempo, level and pitch, and nothing in hostile ones."""

import importlib
import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest

from tests.bot.songs.sounds import M4A, RATE, Sound, beat, drums, file, noise, sine, times


@pytest.fixture(scope="module")
def hearing() -> ModuleType:
    """The module that measures; it takes a second to load, so only those who need it do."""
    return importlib.import_module("bot.songs.listening.hearing")


# --- tempo ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bpm", [60, 66.7, 87.3, 120, 165])
def test_the_tempo_of_clicks_is_right(hearing: ModuleType, bpm: float) -> None:
    assert hearing.tempo(beat(bpm).astype(np.float32)) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("bpm", [80, 90.5, 115, 140])
def test_the_tempo_of_drums_is_right(hearing: ModuleType, bpm: float) -> None:
    assert hearing.tempo(drums(bpm).astype(np.float32)) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("make", [beat, drums])
@pytest.mark.parametrize("bpm", [60, 155, 200])
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
