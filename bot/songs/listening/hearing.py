"""Measures tempo, loudness and brightness of a short recording; run as a program, it does so for whoever pipes one in.

It is a program of its own because numba and the libraries around it hold the interpreter for tenths of a second while
they load, and because what it decodes comes from strangers: it can be ended, and it knows no secret. So it imports
nothing of the bot. It reads a length (4 bytes, big end first) and that many bytes of audio, writes one line of JSON, and
so on until the input ends; the line before all others is `{"ready": true}`, or `{"fault": "why it cannot"}`.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
from contextlib import suppress
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # (T, channels) or (T,), full scale is 1
Curve = NDArray[np.float64]

LONGEST = 40.0  # seconds that are decoded, however long the recording claims to be
SHORTEST = 3.0  # seconds below which nothing is said
RATES = (8_000, 96_000)  # samples a second
MAX_BYTES = 2 << 20

_RATE = 22_050  # samples a second at which rhythm and spectrum are looked at
_HOP = 256  # samples between two looks, 11.6 ms
_SILENCE = -60.0  # LUFS, below which there is nothing to hear

# The beginnings of what libsndfile is given to read: it knows many odd formats more, and hostile files love those.
# It knows no AAC (https://github.com/libsndfile/libsndfile/issues/389), which Apple's previews are.
_WAVE, _FLAC, _OGG, _ID3 = b"RIFF", b"fLaC", b"OggS", b"ID3"


def measure(audio: bytes) -> dict[str, float]:
    """What can be heard in the file `audio` (MP3, FLAC, WAV or Ogg), by the names of `AudioFeatures`, empty for anything else.

    Of at most 40 s: `tempo` (beats a minute; missing where no pulse is clear), `loudness` (LUFS, see `loudness`) and
    `brightness` (0 to 1, see `brightness`). What lasts less than 3 s, is silent or holds numbers that are none gives nothing.
    """
    heard = _decode(audio)
    if heard is None:
        return {}
    samples, rate = heard
    level = loudness(samples, rate)
    if level is None:
        return {}
    mono = _resampled(samples.mean(axis=1), rate)
    found = {"loudness": level, "brightness": brightness(mono), "tempo": tempo(mono)}
    return {name: round(value, 4) for name, value in found.items() if value is not None}


# --- from bytes to samples ------------------------------------------------------------------------------------------


def _decode(audio: bytes) -> tuple[Samples, int] | None:
    """The first 40 s as (T, channels) and the rate, None for what is no music in a format that is read here."""
    import soundfile  # noqa: PLC0415 - where it is missing, `main` says so

    is_mpeg = audio[:3] == _ID3 or (audio[:1] == b"\xff" and audio[1:2] >= b"\xe0")
    if not (is_mpeg or audio[:4] in {_WAVE, _FLAC, _OGG}):
        return None
    try:
        with soundfile.SoundFile(io.BytesIO(audio)) as file:
            rate, channels = int(file.samplerate), int(file.channels)
            if not (RATES[0] <= rate <= RATES[1] and channels in {1, 2}):
                return None
            samples: Samples = file.read(int(LONGEST * rate), dtype="float32", always_2d=True)  # (T, channels)
    except (soundfile.SoundFileError, RuntimeError, ValueError, OSError):  # the last three from its reading of BytesIO
        return None
    if len(samples) < SHORTEST * rate or not np.isfinite(samples).all():
        return None
    return samples, rate


def _resampled(mono: Samples, rate: int) -> Samples:
    import librosa  # noqa: PLC0415 - takes a second to load

    resampled: Samples = librosa.resample(mono, orig_sr=rate, target_sr=_RATE)
    return resampled


# --- loudness -------------------------------------------------------------------------------------------------------


def loudness(samples: Samples, rate: int) -> float | None:
    """Integrated loudness in LUFS after ITU-R BS.1770-4, None for silence; `samples` are (T, 1) or (T, 2).

    One channel counts as played by both loudspeakers. Filters for any rate after De Man, "Evaluation of implementations
    of the EBU R128 loudness measurement" (2018); right to 0.1 on the standard's test tones. Spotify's `loudness` is a dB
    scale of about the same place and width, but its formula was never published (maxima of segments, dynamic range and
    the rate of events go into it), so no conversion is pretended: take this for it to some 4 dB, as nobody has compared
    them on real songs here. A preview is a part, often the loudest one, of its song.
    """
    from scipy.signal import sosfilt  # noqa: PLC0415 - comes with librosa

    weighted = sosfilt(_k_weighting(rate), samples.astype(np.float64), axis=0)  # (T, channels)
    power = (weighted**2).sum(axis=1) * (2 / samples.shape[1])  # (T,)
    hop = rate // 10
    tenths = power[: len(power) // hop * hop].reshape(-1, hop).mean(axis=1)  # (T / hop,)
    blocks = np.convolve(tenths, np.full(4, 0.25), mode="valid")  # 400 ms each, 100 ms apart
    blocks = blocks[blocks > _power(-70)]
    if not len(blocks):
        return None
    level = _lufs(blocks[blocks > blocks.mean() * 0.1].mean())
    return level if level > _SILENCE else None


def _lufs(power: float) -> float:
    return float(-0.691 + 10 * np.log10(power))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _k_weighting(rate: int) -> Curve:
    """The shelf for the head and the high-pass of BS.1770 as second-order sections, (2, 6)."""
    k, q = np.tan(np.pi * 1681.974450955533 / rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    norm = 1 + k / q + k * k
    shelf = [high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]
    shelf += [norm, 2 * (k * k - 1), 1 - k / q + k * k]
    sections = [[value / norm for value in shelf]]
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    norm = 1 + k / q + k * k
    sections.append([1, -2, 1, 1, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm])
    return np.array(sections)


# --- brightness -----------------------------------------------------------------------------------------------------


def brightness(mono: Samples) -> float:
    """Where the middle of the spectrum lies, from 0 (100 Hz and less) over 0.5 (1 kHz) to 1 (10 kHz), as many octaves a step.

    The median of the spectral centroid over those frames that are no more than 40 dB below the loudest.
    """
    import librosa  # noqa: PLC0415 - takes a second to load

    spectrum = np.abs(librosa.stft(mono, n_fft=2048, hop_length=1024))  # (1025, frames)
    strength = spectrum.sum(axis=0)  # (frames,)
    heard = spectrum[:, strength >= strength.max() * 0.01]
    centre = np.median(librosa.feature.spectral_centroid(S=heard, sr=_RATE))
    return float(np.clip(np.log10(max(centre, 1.0) / 100) / 2, 0, 1))


# --- tempo ----------------------------------------------------------------------------------------------------------

_SLOWEST, _FASTEST = 40.0, 220.0  # beats a minute that are told apart
_LIKELY, _SPREAD = 120.0, 0.8  # centre (beats a minute) and width (octaves) of the tempi that people tap
_CLEAR = 0.12  # of the whole movement in the onsets must repeat with the beat, otherwise there is no clear pulse
_FIRST = 0.4  # of the average over the beats that the very next one must have, or the true pulse is slower
_BEATS = 4  # over which a pulse must go on


def tempo(mono: Samples) -> float | None:
    """Beats a minute from 40 to 220, None where no pulse is clear.

    The autocorrelation of librosa's onset strength, averaged over one to four beats, weighted by how likely people tap
    at that tempo (log-normal, after Ellis, "Beat tracking by dynamic programming", 2007; centre and width are tried out on
    drum patterns). Which of two tempi an octave apart is meant is a matter of taste: even pulses from 60 to 165 are read
    as they are, faster ones as half of that; drums with eighths are read right from 80 to 140, slower ones may come out
    at twice, faster ones at half their tempo.
    """
    import librosa  # noqa: PLC0415 - takes a second to load

    onsets = librosa.onset.onset_strength(y=mono, sr=_RATE, hop_length=_HOP, aggregate=np.median)
    frames = _RATE / _HOP * 60  # a minute
    repeats = _repeats(_moving(np.asarray(onsets, dtype=np.float64)))
    lags = np.arange(int(frames / _FASTEST), min(int(frames / _SLOWEST) + 2, len(repeats) // (_BEATS + 1)))
    if len(lags) < 3 or not repeats.any():
        return None
    each = np.array([_peaks(repeats, lags * beats) for beats in range(1, _BEATS + 1)])  # (beats, lags)
    clear = np.where(each[0] > _FIRST * each.mean(axis=0), each.mean(axis=0), 0.0)
    taste = np.exp(-0.5 * (np.log2(frames / lags / _LIKELY) / _SPREAD) ** 2)
    best = int(np.argmax(np.maximum(clear, 0) * taste))
    if clear[best] < _CLEAR:
        return None
    return float(frames / _refined(repeats, int(lags[best])))


def _moving(onsets: Curve) -> Curve:
    """Onsets without their slow ups and downs (over 2 s), which repeat without being a pulse."""
    width = int(2 * _RATE / _HOP)
    slow = np.convolve(np.pad(onsets, width // 2, mode="edge"), np.full(width, 1 / width), mode="same")
    moving: Curve = onsets - slow[width // 2 : width // 2 + len(onsets)]
    return moving


def _repeats(onsets: Curve) -> Curve:
    """Autocorrelation by lag in frames, 1 at 0; each lag by the number of pairs that it has. Zero for a flat curve."""
    size = len(onsets)
    spectrum = np.fft.rfft(onsets, 2 * size)
    product = np.fft.irfft(np.abs(spectrum) ** 2)[: size // 2] / (size - np.arange(size // 2))
    return np.asarray(product / product[0] if product[0] > 1e-9 else np.zeros(size // 2), dtype=np.float64)


def _peaks(curve: Curve, places: NDArray[np.int_]) -> Curve:
    """The height of the curve around each place: beats lie beside whole frames."""
    return np.maximum(np.maximum(curve[places - 1], curve[places]), curve[places + 1])


def _refined(repeats: Curve, lag: int) -> float:
    """The lag in parts of a frame: each doubling of the distance halves what a frame is worth."""
    exact, beats = _vertex(repeats, lag), 1
    while (far := round(exact * beats * 2)) + 2 < len(repeats) and beats < 16:
        near = far - 1 + int(np.argmax(repeats[far - 1 : far + 2]))
        if repeats[near] < 0.5 * repeats[lag]:
            break
        beats *= 2
        exact = _vertex(repeats, near) / beats
    return exact


def _vertex(curve: Curve, place: int) -> float:
    """Where the parabola through a point of the curve and its neighbours is highest, at most half a step away."""
    before, here, after = curve[place - 1 : place + 2]
    bend = before - 2 * here + after
    return place + (float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0)


# --- as a program ---------------------------------------------------------------------------------------------------

_MEMORY = 4 << 30  # bytes of addresses that a file may make this program ask for, where the system can limit them
_NICE = 5  # replies come first


def main() -> None:
    """Measure what is piped in until it ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    _limit()
    try:
        for name in ("soundfile", "scipy.signal", "librosa.onset", "librosa.feature"):
            importlib.import_module(name)
        measure(_sample())  # what is compiled or read at the first call is compiled or read now
    except Exception as error:  # of many kinds, from numba above all; whoever asked is told
        _tell(sink, {"fault": f"{type(error).__name__}: {error}"[:300]})
        return
    _tell(sink, {"ready": True})
    while len(head := source.read(4)) == 4:
        audio = source.read(min(int.from_bytes(head, "big"), MAX_BYTES))
        try:
            _tell(sink, measure(audio))
        except (ArithmeticError, ValueError, RuntimeError, MemoryError, LookupError):  # one bad file ends nothing
            _tell(sink, {})


def _limit() -> None:
    """Give up what is not needed for measuring: memory without end, dumps of it, and to come first."""
    with suppress(ImportError, OSError, ValueError, AttributeError):  # Windows has none of these
        import resource  # noqa: PLC0415

        os.nice(_NICE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _tell(sink: BinaryIO, values: dict[str, float] | dict[str, str] | dict[str, bool]) -> None:
    sink.write(json.dumps(values).encode() + b"\n")
    sink.flush()


def _sample() -> bytes:
    """Four seconds of a beat, as a file."""
    import soundfile  # noqa: PLC0415 - where it is missing, `main` says so

    samples = np.zeros(4 * _RATE, dtype=np.float32)
    samples[:: _RATE // 2] = 0.5
    file = io.BytesIO()
    soundfile.write(file, samples, _RATE, format="WAV")
    return file.getvalue()


if __name__ == "__main__":
    main()
