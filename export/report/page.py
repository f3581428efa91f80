"""The page: what it is built of, and its making from a template; whatever is shown is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATE = "page.html"


@dataclass(frozen=True)
class Note:
    """A paragraph; `tone` is "", "missing" (a part that a command would make) or "warning"."""

    kind: ClassVar[str] = "note"
    text: str
    tone: str = ""


@dataclass(frozen=True)
class Picture:
    """A PNG inside the page."""

    kind: ClassVar[str] = "picture"
    uri: str  # data:image/png;base64,…
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Span:
    """A part of a line chart's width, shaded and named."""

    name: str
    left: float
    right: float


@dataclass(frozen=True)
class Line:
    """A line chart, in pixels of a small canvas."""

    title: str
    told: str  # the chart in words, for those who do not see it
    points: Sequence[tuple[float, float]]
    spans: Sequence[Span]
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Lines:
    """Small line charts side by side over one axis."""

    kind: ClassVar[str] = "lines"
    charts: Sequence[Line]
    legend: Sequence[str]  # names of the spans, in the order of their shades
    caption: str


@dataclass(frozen=True)
class Cell:
    """One cell of a table; `state` is "", "met" or "missed"."""

    text: str
    number: bool = False
    state: str = ""
    wanted: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a head and a name in front of each row."""

    kind: ClassVar[str] = "table"
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    folded: bool = False  # shown when its caption is opened


@dataclass(frozen=True)
class Bar:
    """One bar: its length in per cent of the longest, and what stands beside it."""

    length: float  # 0 to 100
    text: str


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, one for each set in every row; a table to those who do not see them."""

    kind: ClassVar[str] = "bars"
    caption: str
    sets: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Bar]]]


@dataclass(frozen=True)
class Quotes:
    """Lines of text under a title."""

    kind: ClassVar[str] = "quotes"
    title: str
    lines: Sequence[tuple[str, str]]  # what it is about, what was said
    folded: bool = False


Block = Note | Picture | Lines | Table | Bars | Quotes


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading."""

    id: str
    title: str
    blocks: Sequence[Block]
    lead: str = ""


@dataclass(frozen=True)
class Page:
    """The whole of it."""

    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    sections: Sequence[Section] = ()


def render(page: Page) -> str:
    """The page as HTML with everything in it: style, pictures, no script, nothing from any network."""
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(TEMPLATE).render(page=page)
