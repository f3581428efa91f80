"""The sections about what a bundle says: figures and what was wanted, blind pairs, samples, bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from export.evaluation.table import MODEL_FIGURES, TEXT_FIGURES, Figure
from export.report.charts import bar_chart
from export.report.page import Bars, Block, Cell, Note, Quotes, Section, Table
from export.report.reading import columns, mapping, missing, number, objects, percent, read_object, table, text, texts
from export.report.sections import present

_SAMPLES = 30
_GENRES = 4
_PER = 1000  # sentences that a count of words is given for
_FAMILIES = 12


def evaluation(folder: Path) -> Section:
    """What was wanted, what is met, and the whole table."""
    told = read_object(folder / "evaluation" / "evaluation.json")
    if not told:
        return Section("evaluation", "What was wanted, and what is", [missing("The evaluation is", "evaluate --bundle DIR")])
    wanted = objects(told.get("wanted"))
    rows, model = objects(told.get("rows")), mapping(told.get("model"))
    blocks = present(
        [
            _wanted(wanted) if wanted else None,
            _figures("What is written, beside people", TEXT_FIGURES, rows, wanted),
            _figures("The models on held-out text", MODEL_FIGURES, objects(model.get("rows")), wanted),
            Note(text(model["note"])) if model.get("note") else None,
            *(
                Note(f"{text(entry.get('name'))} is not in the table: {text(entry.get('command'))} makes it.", "missing")
                for entry in objects(told.get("missing"))
            ),
            table("How each figure is found", ("figure", "how"), [(f.title, f.how) for f in _all(rows, model)], folded=True),
            *(Note(note) for note in texts(told.get("notes"))),
        ]
    )
    bundle = mapping(told.get("bundle"))
    lead = (
        f"Bundle {text(bundle.get('name'))} {text(bundle.get('version'))}; {text(told.get('sentences'))} sentences in every "
        f"row, seed {told.get('seed')}."
    )
    return Section("evaluation", "What was wanted, and what is", blocks, lead)


def _all(rows: Sequence[Mapping[str, Any]], model: Mapping[str, Any]) -> list[Figure]:
    known = {name for row in (*rows, *objects(model.get("rows"))) for name in mapping(row.get("figures"))}
    return [figure for figure in (*TEXT_FIGURES, *MODEL_FIGURES) if figure.name in known]


def _wanted(wanted: Sequence[Mapping[str, Any]]) -> Table:
    rows = []
    for entry in wanted:
        asked = Cell(text(entry.get("figure")), wanted=f"wanted: {text(entry.get('wanted'))}")
        found = Cell(text(entry.get("found")), number=True, state="met" if entry.get("met") is True else "missed")
        rows.append([asked, found, Cell(text(entry.get("people")), number=True)])
    met = sum(entry.get("met") is True for entry in wanted)
    return Table(f"Met: {met} of {len(wanted)} figures wanted of the full system", ("figure", "found", "people"), rows)


def _figures(
    caption: str, figures: Sequence[Figure], rows: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> Table | None:
    """A line for each figure, a column for each system; beside a figure stands what was wanted."""
    known = [figure for figure in figures if any(figure.name in mapping(row.get("figures")) for row in rows)]
    if not known:
        return None
    asked = {text(entry.get("figure")): text(entry.get("wanted")) for entry in wanted}
    lines = [
        [
            Cell(figure.title, wanted=f"wanted: {asked[figure.title]}" if figure.title in asked else ""),
            *(Cell(text(mapping(row.get("figures")).get(figure.name)), number=True) for row in rows),
        ]
        for figure in known
    ]
    return Table(caption, ("figure", *(text(row.get("name")) for row in rows)), lines)


def blind(folder: Path) -> Section:
    """What readers chose who did not know whose sentence was whose."""
    blocks: list[Block] = []
    for path in sorted(folder.glob("pairs*/score.json")):
        told = read_object(path)
        whole = mapping(told.get("whole"))
        if not whole:
            continue
        blocks.append(
            Note(
                f"{text(told.get('ours'))} against {text(told.get('against'))}: chosen in {percent(whole.get('share'))} of "
                f"{text(whole.get('pairs'))} pairs (95 % interval {percent(whole.get('low'))} to "
                f"{percent(whole.get('high'))}; {text(whole.get('tied'))} ties, each half; "
                f"p = {text(told.get('p_value'))} against 50 %)."
            )
        )
        parts = [part for key in ("by_length", "by_family", "by_kind") for part in objects(told.get(key))]
        names = {"name": "part", "pairs": "pairs", "won": "won", "tied": "tied", "share": "share", "low": "from", "high": "to"}
        blocks.append(columns(f"By length, genre family and writing ({path.parent.name})", names, parts, folded=True))
    lead = "A sentence of ours beside one of somebody else about the same song; 50 % would be indistinguishable."
    return Section("blind", "Blind reading", blocks or [missing("Blind pairs are", "pairs make, then pairs score,")], lead)


def samples(folder: Path, spoken: Mapping[str, Any]) -> Section:
    """Replies as they came, of one seed, and what the evaluation kept of each system."""
    replies = [
        (
            f"{text(entry.get('song'))} ({text(texts(entry.get('genres'))[:_GENRES]) or 'genre unknown'})",
            text(entry.get("text")),
        )
        for entry in objects(spoken.get("samples"))[:_SAMPLES]
    ]
    blocks: list[Block] = []
    if replies:
        seed = mapping(spoken.get("of")).get("seed")
        blocks.append(Quotes(f"{len(replies)} replies, not picked: seed {seed}, the first reply to each song", replies))
    told = read_object(folder / "evaluation" / "evaluation.json")
    kept = told.get("samples")
    by_system = [*objects(told.get("rows")), *objects(kept)]
    for name, some in [
        *((text(row.get("name")), texts(row.get("samples"))) for row in by_system),
        *((text(name), texts(value)) for name, value in mapping(kept).items()),
    ]:
        if some:
            blocks.append(Quotes(f"{name}, as the evaluation read it", [("", said) for said in some[:_SAMPLES]], folded=True))
    lead = "Songs are made up; their genres and features are those of held-out rows."
    return Section("samples", "Samples", blocks or [missing("Replies are", "bundle, then report,")], lead)


def bias(found: Mapping[str, Any]) -> Section:
    """Whom, which places and which genres the corpus dwells on, and what the bundle makes of it."""
    sets = {text(name): n for name, n in mapping(found.get("sets")).items() if number(n)}
    if not sets:
        return Section("bias", "Bias", [missing("The corpus is", "corpus")])
    sizes = list(sets.values())
    named = [f"{name} ({text(n)} sentences)" for name, n in sets.items()]
    blocks: list[Block] = [_group(group, named, sizes) for group in objects(found.get("groups")) if mapping(group.get("rows"))]
    families = objects(found.get("families"))
    blocks += _families(families[:_FAMILIES], list(sets)) if families else []
    if len(sets) == 1:
        blocks.insert(0, missing("What the bundle says is", "bundle, then report,"))
    lead = (
        "Counted by fixed lists of words, times in 1,000 sentences. Candidates are what the model samples before any check; "
        "replies have passed the gates, which refuse people and places altogether, and were chosen by rank. Names of artists "
        "and most places are masked in the training text."
    )
    return Section("bias", "Bias", blocks, lead)


def _group(group: Mapping[str, Any], sets: Sequence[str], sizes: Sequence[float]) -> Bars:
    rows: dict[str, list[tuple[float | None, str]]] = {}
    for name, counts in mapping(group.get("rows")).items():
        some = counts if isinstance(counts, list) else []
        rates = [
            _PER * n / size if (n := number(count)) is not None else None for count, size in zip(some, sizes, strict=False)
        ]
        labels = ["–" if rate is None else f"{rate:.1f} ({text(count)})" for rate, count in zip(rates, some, strict=False)]
        rows[text(name)] = list(zip(rates, labels, strict=True))
    return bar_chart(f"{text(group.get('name'))}: times in {_PER:,} sentences (count)", sets, rows)


def _families(families: Sequence[Mapping[str, Any]], sets: Sequence[str]) -> list[Block]:
    """Which genres dominate, how they are spoken of, and who is spoken of."""
    shares = {text(f.get("name")): [(number(f.get("share")), percent(f.get("share")))] for f in families}
    approval = {text(f.get("name")): _bars(f.get("approval")) for f in families}
    women = {text(f.get("name")): _bars(f.get("women")) for f in families}
    praise = [(f.get("name"), f.get("praise"), *_list(f.get("sentences"))) for f in families]
    return [
        bar_chart("Genre families: share of the training sentences whose genre is known", sets[:1], shares),
        bar_chart("Praise by genre family: share of praise among words of praise and of blame", sets, approval),
        bar_chart("Women by genre family: share among words for women and for men, pronouns counted", sets, women),
        table(
            "Praise that the training text was given (0 to 10), and sentences that were counted",
            ("family", "praise", *sets),
            praise,
            folded=True,
        ),
    ]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _bars(value: object) -> list[tuple[float | None, str]]:
    return [(number(one), percent(one) if number(one) is not None else "too few") for one in _list(value)]
