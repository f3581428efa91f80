"""Measures what people feel: how long a start and a reply take, how fast the model talks, and what it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryFile
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bot.config import Settings
from bot.errors import HypeError
from bot.hype import subject_of
from bot.songs.catalogue import Catalogue
from bot.songs.song import Song
from inference.bundle import shipped
from inference.commentary import CANDIDATES, Commentary, Commentator

SCHEMA = 1
_SEED = 7
_MB = 1_000_000

Step = Callable[[], None]


def measure(settings: Settings, file: Path | None, *, starts: int = 3, songs: Sequence[Song] | None = None) -> dict[str, Any]:
    """All figures, with a progress bar on stderr; `file` is the settings file that a fresh start reads.

    There are so many fresh starts, and a warm reply for each of the songs (two or more; None: the sample catalogue). The
    replies themselves are among the figures, so that they can be read.

    Times are in milliseconds of wall-clock time, sizes in megabytes of 10^6 bytes; peak_memory_mb is the largest
    resident size of a fresh `hype` process, None where the system does not tell.
    """
    songs = songs or Catalogue.load().songs
    with progress(starts + len(songs)) as step:
        # Fresh processes first: Linux counts a small child as large as its parent was.
        fresh = [_fresh_start(file, step) for _ in range(starts)]
        commentator = Commentator.open(settings.model.folder, device=settings.model.device)
        commentator.comment(subject_of(songs[0]), seed=_SEED)  # the first reply warms caches and is not counted
        replies = [_warm_reply(commentator, song, step) for song in songs]
    memory = [peak for _, peak in fresh if peak is not None]
    times = [milliseconds for milliseconds, _ in replies]
    sampled_s = sum(commentary.timing_ms["sample"] for _, commentary in replies) / 1000
    folder = settings.model.folder or shipped()
    return {
        "schema": SCHEMA,
        "bundle": {"name": commentator.name, "version": commentator.version},
        "device": commentator.device,
        "cores": _cores(),
        "cold_start_ms": round(median(milliseconds for milliseconds, _ in fresh), 1),
        "warm_reply_ms": {
            "p50": round(median(times), 1),
            "p95": round(quantiles(times, n=20)[-1], 1),
            "n": len(times),
        },
        "tokens_per_s": round(sum(commentary.tokens for _, commentary in replies) / sampled_s),
        "peak_memory_mb": round(max(memory) / _MB, 1) if memory else None,
        "replies": [
            {"song": song.line, "seed": _SEED, "text": commentary.replies[0].text}
            for song, (_, commentary) in zip(songs, replies, strict=True)
            if commentary.replies
        ],
        "bundle_mb": round(sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / _MB, 1),
    }


def rows(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """The figures as (name, value) texts for a table."""
    warm, memory = figures["warm_reply_ms"], figures["peak_memory_mb"]
    return [
        ("bundle", f"{figures['bundle']['name']} {figures['bundle']['version']}, {figures['bundle_mb']} MB"),
        ("device", f"{figures['device']}, {figures['cores']} cores"),
        ("cold start", f"{figures['cold_start_ms']} ms"),
        ("warm reply", f"p50 {warm['p50']} ms, p95 {warm['p95']} ms ({warm['n']} songs, {CANDIDATES} candidates)"),
        ("decoder", f"{figures['tokens_per_s']} tokens/s ({CANDIDATES} at once)"),
        ("peak memory", "unknown" if memory is None else f"{memory} MB"),
    ]


@contextmanager
def progress(total: int) -> Iterator[Step]:
    """A progress bar on stderr; what is given takes one of `total` steps."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Measuring", total=total)
        yield lambda: progress.advance(task)


def _warm_reply(commentator: Commentator, song: Song, step: Step) -> tuple[float, Commentary]:
    """Milliseconds from a known song to its ranked text, and what came of it."""
    began = time.perf_counter()
    commentary = commentator.comment(subject_of(song), seed=_SEED)
    milliseconds = (time.perf_counter() - began) * 1000
    step()
    return milliseconds, commentary


def _fresh_start(file: Path | None, step: Step) -> tuple[float, float | None]:
    """Milliseconds that a new process takes from its start to its printed reply, and its peak memory in bytes."""
    config = ["--config", str(file)] if file else []
    query = ["Rick Astley - Never Gonna Give You Up", "--seed", str(_SEED), "--json"]
    command = [sys.executable, "-m", "bot", "hype", *query, *config]
    with TemporaryFile("w+") as complaint:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=complaint)  # noqa: S603 - our own command
        peak = _wait(process)
        milliseconds = (time.perf_counter() - began) * 1000
        complaint.seek(0)
        if process.returncode:
            raise HypeError(complaint.read().strip() or "A fresh start failed: run deephypebot hype by hand.")
    step()
    return milliseconds, peak


def _wait(process: subprocess.Popen[bytes]) -> float | None:
    """Wait for a process and return its largest resident size in bytes."""
    if sys.platform == "win32":
        process.wait()
        return None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return float(usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
