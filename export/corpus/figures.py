"""Pictures of the corpus: the funnel, and how long its sentences are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

_INK, _KEPT, _FELL = "#222222", "#2a7f62", "#c8553d"


def draw_funnel(funnel: Mapping[str, int], path: Path) -> None:
    """Bars of what was left after each step and of what fell and why."""
    plt = _pyplot()
    kept = {name[2:]: n for name, n in funnel.items() if name[0].isdigit()}
    fell = dict(sorted(((k[6:], n) for k, n in funnel.items() if k.startswith("fell: ")), key=lambda item: -item[1]))
    figure, axes = plt.subplots(1, 2, figsize=(12, 5), width_ratios=(1, 1.2), layout="constrained")
    for axis, bars, colour, title in (
        (axes[0], kept, _KEPT, "What was left"),
        (axes[1], fell, _FELL, "What fell, and why"),
    ):
        places = range(len(bars))
        axis.barh(list(places), list(bars.values()), color=colour)
        axis.set_yticks(list(places), list(bars))
        axis.invert_yaxis()
        axis.set_title(title, loc="left", color=_INK)
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.18)
        for place, n in zip(places, bars.values(), strict=True):
            axis.text(n, place, f" {n:,}", va="center", color=_INK)
        axis.set_xticks([])
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_word_counts(counts: Sequence[int], path: Path) -> None:
    """How many sentences have how many words."""
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
    axis.hist(counts, bins=range(max(counts) + 2), color=_KEPT, align="left", rwidth=0.9)
    axis.set_xlabel("words in a sentence")
    axis.set_ylabel("sentences")
    axis.spines[["top", "right"]].set_visible(False)
    mean = sum(counts) / len(counts)
    axis.set_title(f"{len(counts):,} sentences, {mean:.1f} words on average", loc="left", color=_INK)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _pyplot() -> ModuleType:
    """matplotlib for files only; imported late because it is slow to load."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to load

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    return plt
