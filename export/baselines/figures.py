"""Pictures of the ladder: all rungs side by side, and the n-gram's bias and variance over its order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _GREY = "#222222", "#8a8a8a"
_COLOURS = {"characters": "#3b6ea8", "words": "#c8553d", "subwords": "#2a7f62"}
_TRAIN, _HELD_OUT, _SMOOTHED, _NOVEL, _MEMORISED = "#2a7f62", "#c8553d", "#3b6ea8", "#c8553d", "#7a4fa0"
_UNITS = "over {}"


def draw_ladder(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Bits a character, perplexity a word and seconds an epoch of every rung, coloured by what it predicts.

    The unsmoothed n-gram's infinite bars are drawn hatched, as what they are when smoothed.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to load
    from matplotlib.patches import Patch  # noqa: PLC0415 - slow to load

    figure = Figure(figsize=(13, 1.6 + 0.45 * len(rows)), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    columns: tuple[tuple[str, str, str, Callable[[float], str]], ...] = (
        ("bits_per_character", "smoothed_bits", "bits a character (test)", "{:.2f}".format),
        (
            "perplexity_per_word",
            "smoothed_perplexity",
            "perplexity a word (test, log scale)",
            lambda value: f"{value:,.0f}" if value < 1e6 else f"{value:.0e}",
        ),
        (
            "seconds_per_epoch",
            "seconds_per_epoch",
            "seconds an epoch (log scale)",
            lambda value: f"{value:,.1f}" if value >= 1 else f"{value:.2f}",
        ),
    )
    for axis, (key, instead, title, told) in zip(panels, columns, strict=True):
        _column(axis, rows, key, instead, told, bars=axis is panels[0])
        axis.set_title(title, loc="left", color=_INK, fontsize=11)
    panels[0].set_yticks(range(len(rows)), [row["name"] for row in rows])
    panels[0].invert_yaxis()
    units = [unit for unit in _COLOURS if any(row["unit"] == unit for row in rows)]
    keys = [Patch(color=_COLOURS[unit], label=_UNITS.format(unit)) for unit in units]
    keys.append(
        Patch(
            facecolor="white",
            edgecolor=_GREY,
            hatch="////",
            label="infinite (∞); drawn hatched or hollow as when smoothed (Witten-Bell)",
        )
    )
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys), frameon=False)
    figure.savefig(path, dpi=110)


def _column(
    axis: Axes, rows: Sequence[Mapping[str, Any]], key: str, instead: str, told: Callable[[float], str], *, bars: bool
) -> None:
    """The value of each rung, as a bar from zero or, on a log scale, which has no zero, as a point."""
    for place, row in enumerate(rows):
        infinite = row[key] is None
        value = row.get(instead) if infinite else row[key]
        if value is None:
            axis.text(0.02, place, "infinite", transform=axis.get_yaxis_transform(), va="center", color=_INK)
            continue
        colour = _COLOURS[row["unit"]]
        fill = "white" if infinite else colour
        if bars:
            axis.barh(place, value, edgecolor=colour, facecolor=fill, hatch="////" if infinite else None)
        else:
            axis.plot(value, place, "o", markersize=9, color=colour, markerfacecolor=fill)
        words = told(value) + (" (∞)" if infinite else "")
        axis.annotate(words, (value, place), (8, 0), textcoords="offset points", va="center", color=_INK, fontsize=9)
    axis.margins(x=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    if bars:
        axis.set_xticks([])
    else:
        axis.set_xscale("log")
        axis.grid(axis="y", color="#e4e4e4")
        axis.set_axisbelow(True)


def draw_orders(rows: Sequence[Mapping[str, Any]], human_memorised: float | None, path: Path) -> None:
    """Left: bits a character on training and unseen text; right: what is new to the model, and what it knows by heart."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to load

    figure = Figure(figsize=(13, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    orders = [row["order"] for row in rows]

    def line(axis: Axes, key: str, colour: str, label: str, style: str = "-", mark: str = "o") -> None:
        values = [float("nan") if row[key] is None else row[key] for row in rows]
        axis.plot(orders, values, style, color=colour, label=label, marker=mark, markersize=4)

    line(left, "train_bits", _TRAIN, "training text")
    line(left, "validation_bits", _HELD_OUT, "unseen text, only the characters it can score", ":")
    line(left, "smoothed_bits", _SMOOTHED, "unseen text, all of it, smoothed (Witten-Bell)")
    best = min(rows, key=lambda row: row["smoothed_bits"])
    left.axvline(best["order"], color=_GREY, linewidth=0.8, linestyle="--")
    told = f" best when smoothed: n = {best['order']}, {best['smoothed_bits']:.2f} bits"
    left.text(best["order"], 0.65, told, transform=left.get_xaxis_transform(), color=_INK)
    left.set_title("Longer contexts: less bias, more variance", loc="left", color=_INK)
    left.set_ylabel("bits a character")
    line(right, "novel_share", _NOVEL, "characters of unseen text that it gives no chance")
    line(right, "novel_contexts", _NOVEL, "contexts of unseen text that it never saw", ":")
    line(right, "memorised_share", _MEMORISED, "30-character runs of its samples that it copied", mark="s")
    if human_memorised is not None:
        right.axhline(human_memorised, color=_GREY, linewidth=0.8, linestyle="--", label="such runs in unseen human text")
    right.set_title("What is new to it, and what it knows by heart", loc="left", color=_INK)
    right.set_ylabel("share")
    for axis in (left, right):
        axis.set_xlabel("order n")
        axis.set_xticks(orders)
        axis.set_ylim(bottom=0)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False)
    figure.savefig(path, dpi=110)
