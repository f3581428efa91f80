"""The report: self-contained, accessible, complete, and unmoved by whatever stands in the files that it reads."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.progress import Progress

from export.bias import Written as Line
from export.bias import measure
from export.report import measured, sections
from export.report.charts import bar_chart, line_chart
from export.report.page import Page, render
from export.report.run import write_report
from export.report.sections import current_log
from export.stages import Run

from .conftest import export

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
EVIL = "</td><script>alert('x')</script><img src=http://evil.test/x.png onerror=alert(1)>\"'&{{ 7*7 }}"
FILES = {
    "corpus/manifest.json": {"splits": {EVIL: 7}, "funnel": {EVIL: EVIL}, "warm_start": {EVIL: 1}, "data": [{"source": EVIL}]},
    "topics/topics.json": {"reason": EVIL, "topics": [{"id": 0, "name": EVIL, "words": [[EVIL, 1]], "examples": [EVIL]}]},
    "contrast/energy.json": {"feature": EVIL, "words_sampled": 9, "high_words": [{"word": EVIL, "z": 3.0}], "low_words": []},
    "homotopy.json": {EVIL: [EVIL, EVIL]},
    "ladder/ladder.json": {"rows": [{"name": EVIL, "samples": {EVIL: [EVIL]}}], "ngram": [{"order": EVIL}]},
    "lcgan/lcgan.json": {"ships": {EVIL: EVIL}, "rows": [{"value": EVIL, "system": EVIL, EVIL: 1.0}]},
    "evaluation/evaluation.json": {
        "bundle": {"name": EVIL},
        "seed": EVIL,
        "rows": [{"key": "full", "name": EVIL, "figures": {"words": EVIL, "distinct_2": 0.5}, "samples": [EVIL]}],
        "model": {"note": EVIL, "rows": [{"name": EVIL, "figures": {"mi": 1.0}}]},
        "wanted": [{"figure": EVIL, "wanted": EVIL, "found": EVIL, "people": None, "met": False}],
        "missing": [{"name": EVIL, "command": EVIL}],
        "notes": [EVIL],
    },
    "pairs/score.json": {"ours": EVIL, "against": EVIL, "whole": {"share": 0.5}, "by_family": [{"name": EVIL}]},
}
LOG = [
    {"phase": phase, "minutes": float(i), "steps": 10 * i, "loss": 5.0 - i / 9, "kl": 7.0, "mi": 4.0, "perplexity": 900.0 / i}
    for i, phase in enumerate(("warm start", "warm start", "autoencoder", "cvae", "cvae", "fine-tune"), 1)
]
SPOKEN = {
    "of": {"seed": EVIL},
    "samples": [{"song": EVIL, "genres": [EVIL], "text": EVIL}],
    **measure({EVIL: [Line("she is lovely", ("rock",), 5.0)] * 20}).as_dict(),
}


class Reader(HTMLParser):
    """Collects elements and checks that they are closed."""

    VOID = frozenset({"meta", "img"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of every such element."""
        return [attributes for name, attributes in self.found if name == tag]


def write(folder: Path, files: dict[str, Any]) -> None:
    """Files of a run, JSON as it is, with a picture beside each."""
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")
    for name in ("corpus/funnel", "topics/coherence", "contrast/energy", "evaluation/latent", "ladder/ladder", "lcgan/plot"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").write_bytes(PIXEL)
    (folder / "cvae").mkdir(exist_ok=True)


def page_of(folder: Path, spoken: dict[str, Any]) -> str:
    """The page of a run's files."""
    made = [
        measured.evaluation(folder),
        measured.blind(folder),
        measured.samples(folder, spoken),
        sections.corpus(folder),
        sections.training(folder),
        sections.latent(folder),
        sections.topics(folder),
        sections.contrast(folder),
        sections.ladder(folder),
        sections.lcgan(folder),
        measured.bias(spoken),
    ]
    return render(Page("Run", {"Seed": "7"}, made))


def assert_sound(html: str) -> Reader:
    """Well formed, self-contained, accessible."""
    reader = Reader(html)
    tags = {tag for tag, _ in reader.found}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "base", "audio", "video"}
    for tag, attributes in reader.found:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert tag == "img" or "src" not in attributes
    assert "url(" not in html
    assert "@import" not in html
    for image in reader.all("img"):
        assert (image["src"] or "").startswith("data:image/png;base64,")
        assert image["alt"]
    assert all(cell.get("scope") in ("col", "row") for cell in reader.all("th"))
    assert len(reader.all("th")) >= len(reader.all("table"))
    assert all(chart.get("aria-label") for chart in reader.all("svg"))
    ids = [attributes["id"] for _, attributes in reader.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"] for link in reader.all("a")} == {f"#{section['id']}" for section in reader.all("section")}
    return reader


def test_a_whole_tiny_run_has_a_page(run: Run) -> None:
    result = export("report", "--config", "tiny", "--run", run.folder, "--replies", 8)
    assert result.exit_code == 0, result.output
    html = (run.folder / "report.html").read_text(encoding="utf-8")
    reader = assert_sound(html)
    assert len(reader.all("img")) >= 2  # funnel and words
    assert len(reader.all("polyline")) >= 2
    assert "not picked" in html
    assert "he, him, his" in html
    assert "python -m export ladder makes it" in html or "Every baseline" in html
    assert export("report", "--config", "tiny", "--run", run.folder, "--replies", 8).exit_code == 0
    assert (run.folder / "report.html").read_text(encoding="utf-8") == html


def test_a_run_that_never_began_has_no_page(tmp_path: Path, run: Run) -> None:
    with Progress(disable=True) as progress, pytest.raises(Exception, match="There is no run"):
        write_report(Run(run.config, tmp_path / "none"), progress)


def test_an_empty_run_names_the_commands(tmp_path: Path, run: Run) -> None:
    with Progress(disable=True) as progress:
        html = write_report(Run(run.config, tmp_path), progress).read_text(encoding="utf-8")
    assert_sound(html)
    for command in ("corpus", "cvae", "topics", "contrast --feature energy", "ladder", "lcgan", "evaluate", "pairs make"):
        assert f"python -m export {command}" in html


def test_text_from_files_is_never_markup(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "cvae" / "log.jsonl").write_text("\n".join(json.dumps({**entry, "phase": EVIL}) for entry in LOG))
    html = page_of(tmp_path, SPOKEN)
    reader = assert_sound(html)
    assert "{{ 7*7 }}" in html
    assert html.count("&lt;script&gt;") > 30
    assert len(reader.all("img")) == 6
    assert len(reader.all("polyline")) == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def spoilt(value: Any) -> st.SearchStrategy[Any]:
    """A file's content with any part of it replaced by something else."""
    if isinstance(value, dict):
        inner: st.SearchStrategy[Any] = st.fixed_dictionaries({}, optional={key: spoilt(part) for key, part in value.items()})
    elif isinstance(value, list):
        inner = st.lists(spoilt(value[0]), max_size=2) if value else st.just([])
    else:
        inner = st.just(value)
    return st.one_of(inner, inner, inner, JSON)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_no_content_of_a_file_breaks_the_page(tmp_path: Path, data: st.DataObject) -> None:
    write(tmp_path, {name: data.draw(spoilt(value), label=name) for name, value in FILES.items()})
    log = data.draw(st.lists(spoilt(LOG[0]), max_size=5))
    (tmp_path / "cvae" / "log.jsonl").write_text("\n".join(map(json.dumps, log)) + '\n{"half":')
    assert_sound(page_of(tmp_path, data.draw(spoilt(SPOKEN).filter(lambda value: isinstance(value, dict)))))


@pytest.mark.parametrize("content", [b"", b"\x89PNG", b"<svg onload=alert(1)>", b"\0" * 9_000_000])
def test_a_picture_that_is_none_is_left_out(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, FILES)
    (tmp_path / "corpus" / "funnel.png").write_bytes(content)
    assert [block.kind for block in sections.corpus(tmp_path).blocks].count("picture") == 0


def test_what_was_wanted_stands_beside_what_was_found(tmp_path: Path) -> None:
    wanted = [
        {"figure": "distinct-2", "wanted": "within 10 % of people's", "found": 0.8, "people": 0.82, "met": True},
        {"figure": "human-or-machine AUC", "wanted": "below 0.70", "found": 0.93, "people": 0.5, "met": False},
    ]
    rows = [{"key": "full", "name": "full system", "figures": {"distinct_2": 0.8, "human_or_machine": 0.93}}]
    write(tmp_path, {"evaluation/evaluation.json": {"rows": rows, "wanted": wanted}})
    html = page_of(tmp_path, {})
    assert "Met: 1 of 2" in html
    assert re.search(r'class="met">0\.8 ✓', html)
    assert re.search(r'class="missed">0\.93 ✗', html)
    assert html.count("wanted: below 0.70") == 2


def test_a_training_taken_up_again_overrules_what_came_after() -> None:
    steps = [10, 20, 30, 25, 35]
    entries = [{"steps": step, "minutes": i, "phase": "cvae"} for i, step in enumerate(steps)]
    assert [entry["steps"] for entry in current_log([*entries, {"steps": "x"}])] == [10, 20, 25, 35]
    assert [entry["minutes"] for entry in current_log([*entries, {"steps": 5, "minutes": 0.5}])] == [0.5]


NUMBERS = st.floats(-1e13, 1e13) | st.floats(0, 1) | st.sampled_from([0.0, 1e-300, 5e-324, float("nan"), float("inf")])


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12))
def test_lines_stay_on_their_canvas(points: list[tuple[float, float]]) -> None:
    chart = line_chart("loss", sorted(points, key=lambda point: str(point[0])), [("a", 0.0, 1.0), ("b", 1.0, 2e12)], "minutes")
    if chart is None:
        return
    for x, y in [*chart.points, *((span.left, 20.0) for span in chart.spans), *((span.right, 20.0) for span in chart.spans)]:
        assert 43.9 <= x <= 332.1
        assert 9.9 <= y <= 160.1
    assert all(9.9 <= y <= 160.1 for y, _ in chart.y_ticks)
    assert 2 <= len(chart.y_ticks) <= 8


@given(st.dictionaries(st.text(max_size=3), st.lists(st.none() | st.floats(0, 1e9), max_size=3), max_size=5))
def test_the_longest_bar_is_as_long_as_there_is_room(rows: dict[str, list[float | None]]) -> None:
    bars = bar_chart("x", ("a", "b", "c"), {name: [(value, "") for value in some] for name, some in rows.items()})
    lengths = [bar.length for _, some in bars.rows for bar in some]
    assert all(0 <= length <= 100.0001 for length in lengths)
    if any(value for some in rows.values() for value in some):
        assert max(lengths) == pytest.approx(100)


def test_figures_are_read_easily() -> None:
    shown: Callable[[object], str] = sections.text
    assert [shown(v) for v in (None, float("nan"), 0.12345, 123.456, 12345.6, 7, True, 10**30, "a\n b")] == [
        *("–", "–", "0.123", "123.5", "12,346", "7", "yes", "–", "a b"),
    ]
    assert len(shown("x" * 5000)) == 600


def test_rows_without_a_known_figure_make_no_table(tmp_path: Path) -> None:
    write(tmp_path, {"ladder/ladder.json": {"rows": [{}]}, "lcgan/lcgan.json": {"rows": [{"unknown": {}}]}})
    assert not assert_sound(render(Page("Run", {}, [sections.ladder(tmp_path), sections.lcgan(tmp_path)]))).all("table")
