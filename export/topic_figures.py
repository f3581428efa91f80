"""Pictures of the topics: coherence over their number, and how near they lie to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray

_INK, _DESCRIPTIVE, _OTHER = "#222222", "#2a7f62", "#9aa7b0"
_LARGEST = 0.13  # radius of the largest circle, as a share of the widest distance
_WORDS = 7  # beside a circle


def draw_coherence(coherence: Mapping[int, Sequence[float]], chosen: int, path: Path) -> None:
    """Coherence over the number of topics: single fits as dots, their mean as a line, the chosen number marked."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axis = figure.subplots()
    numbers = sorted(coherence)
    means = [float(np.mean(coherence[k])) for k in numbers]
    axis.scatter([k for k in numbers for _ in coherence[k]], [v for k in numbers for v in coherence[k]], color=_OTHER, s=12)
    axis.plot(numbers, means, color=_OTHER)
    best = (chosen, means[numbers.index(chosen)])
    axis.plot(*best, color=_DESCRIPTIVE, marker="o", markersize=11)
    label = f"{chosen} topics"
    axis.annotate(label, best, xytext=(10, 10), textcoords="offset points", color=_DESCRIPTIVE)
    axis.set_xticks(numbers)
    axis.margins(y=0.2)
    axis.set_xlabel("topics")
    axis.set_ylabel("coherence (NPMI)")
    axis.set_title("How often the first words of a topic share a sentence", loc="left", color=_INK)
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def draw_topics(topics: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Topics as circles: near ones use the same words, large ones fill many sentences, green ones describe the sound."""
    figure = Figure(figsize=(10, 7), layout="constrained")
    axis = figure.subplots()
    places = np.array([(topic["x"], topic["y"]) for topic in topics])  # (K, 2)
    span = float(np.ptp(places, axis=0).max()) or 1.0
    largest = max(topic["share"] for topic in topics)
    axis.set_xlim(places[:, 0].min() - 0.25 * span, places[:, 0].max() + 1.15 * span)
    axis.set_ylim(places[:, 1].min() - 0.25 * span, places[:, 1].max() + 0.25 * span)
    heights = _apart(places[:, 1], *axis.get_ylim())
    column = places[:, 0].max() + 0.3 * span  # where all the words stand
    for topic, (x, y), height in zip(topics, places, heights, strict=True):
        radius = _LARGEST * span * np.sqrt(topic["share"] / largest)
        colour = _DESCRIPTIVE if topic["descriptive"] else _OTHER
        axis.add_patch(Circle((x, y), radius, facecolor=colour, edgecolor=colour, alpha=0.45))
        axis.plot([x, column - 0.02 * span], [y, height], color=colour, linewidth=0.6)
        axis.text(x, y, str(topic["id"]), ha="center", va="center", color=_INK)
        words = " ".join(word for word, _ in topic["words"][:_WORDS])
        axis.text(column, height, f"{topic['id']}  {topic['share']:.0%}  {words}", va="center", fontsize=9, color=_INK)
    axis.set_aspect("equal")
    axis.axis("off")
    axis.set_title(
        "Topics by Jensen-Shannon distance. Area: share of the text. Green: tells of the sound", loc="left", color=_INK
    )
    figure.savefig(path, dpi=110)


def _apart(heights: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Places for labels between two limits, evenly spread, in the order of the heights that they belong to."""
    spread = np.linspace(low, high, len(heights) + 2)[1:-1]
    return np.asarray(spread[np.argsort(np.argsort(heights, kind="stable"), kind="stable")])
