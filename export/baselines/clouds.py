"""Two word clouds side by side: what the model says with much and with little of a feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from wordcloud import WordCloud

from export.baselines.contrast import Contrast, Favour

_INK, _HIGH, _LOW, _CHANCE = "#222222", "#c8553d", "#3b6ea8", "#b8b8b8"
_WORDS = 60  # in each cloud
_SIZE = (900, 640)  # pixels of a cloud
_DPI = 110


def draw_clouds(contrast: Contrast, path: Path) -> None:
    """Write the clouds as a PNG, each word sized by its z-score; words that do not stand out beyond chance are grey."""
    figure = Figure(figsize=(17, 6.9), layout="constrained")
    sides = ((1, "highest", _HIGH), (-1, "lowest", _LOW))
    for axis, (sign, place, colour) in zip(figure.subplots(1, 2), sides, strict=True):
        axis.imshow(_cloud(contrast.side(sign, _WORDS), contrast.chance_z, colour), interpolation="bilinear")
        axis.set_title(f"{contrast.feature} at its {place}", loc="left", color=colour, fontsize=15)
        axis.set_axis_off()
    figure.suptitle(
        f"{contrast.words_sampled:,} words on each side, sized by the z-score of their log-odds ratio; grey: within chance",
        x=0.01,
        ha="left",
        color=_INK,
    )
    figure.savefig(path, dpi=_DPI)


def _cloud(favours: Sequence[Favour], chance: float, colour: str) -> WordCloud:
    """A cloud that is the same on every machine: the font is one that comes with matplotlib."""
    cloud = WordCloud(
        width=_SIZE[0],
        height=_SIZE[1],
        font_path=str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"),
        background_color="white",
        prefer_horizontal=1.0,
        relative_scaling=0.7,
        random_state=0,
    )
    strengths = {favour.word: abs(favour.z) for favour in favours}
    cloud.generate_from_frequencies(strengths or {"no difference": 1.0})
    return cloud.recolor(color_func=lambda word, **_: colour if strengths.get(word, 0.0) > chance else _CHANCE)
