"""Sounds of known tempo, level and pitch, and files of them."""

import importlib
import io

import numpy as np
from numpy.typing import NDArray

RATE = 22_050

Sound = NDArray[np.float64]

M4A = b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A mp42isom\x00\x00\x00\x00" + bytes(2000)  # no more than looks like one


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
