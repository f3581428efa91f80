"""The sections about corpus and models: each reads what one stage wrote, and says which command makes what is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from export.report.charts import line_chart
from export.report.page import Block, Cell, Line, Lines, Note, Picture, Quotes, Section, Table
from export.report.reading import (
    columns,
    mapping,
    missing,
    number,
    objects,
    percent,
    picture,
    read_json,
    read_lines,
    read_object,
    table,
    text,
    texts,
)

_WORDS_SHOWN, _SAMPLES_SHOWN, _HOMOTOPIES = 12, 3, 12
_CURVES = {
    "loss": "Training loss, nats a token",
    "perplexity": "Validation perplexity a word (−ELBO)",
    "kl": "KL, nats a sentence",
    "mi": "Mutual information of x and z, nats",
}

# Keys of rows, in the order in which they are shown, with their headings.
_PHASE: Mapping[str, str] = {
    "phase": "phase",
    "minutes": "minutes",
    "steps": "steps",
    "tokens": "tokens",
    "tokens_per_second": "tokens/s",
    "loss": "loss",
    "kl": "KL",
    "mi": "MI",
    "active_units": "active units",
    "perplexity": "perplexity a word",
}
_RUNG: Mapping[str, str] = {
    "name": "model",
    "unit": "unit",
    "order": "n",
    "parameters": "parameters",
    "epochs": "epochs",
    "seconds_per_epoch": "s/epoch",
    "bits_per_character": "bits a character",
    "perplexity_per_word": "perplexity a word",
    "memorised_share": "copied share",
}
_ORDER: Mapping[str, str] = {
    "order": "n",
    "train_bits": "bits, training",
    "validation_bits": "bits, validation (seen contexts)",
    "smoothed_bits": "bits, smoothed",
    "novel_share": "never seen",
    "memorised_share": "copied share",
}


def present(blocks: Iterable[Block | None]) -> list[Block]:
    """Those blocks that there are."""
    return [block for block in blocks if block is not None]


def corpus(folder: Path) -> Section:
    """What was read, kept and split."""
    told = read_object(folder / "corpus" / "manifest.json")
    blocks: list[Block] = []
    if told:
        splits = ", ".join(f"{text(n)} {text(name)}" for name, n in mapping(told.get("splits")).items())
        funnel = [(text(name), n) for name, n in mapping(told.get("funnel")).items()]
        warm = [(text(name), n) for name, n in mapping(told.get("warm_start")).items()]
        names = {"source": "source", "licence": "licence of the text", "documents": "documents", "sentences": "sentences"}
        blocks = present(
            [
                Note(f"Sentences of commentary: {splits}. The split is by artist and near-duplicate cluster."),
                picture(
                    folder / "corpus" / "funnel.png", "Bars of what was left of the corpus after each step, and of what fell"
                ),
                table("The funnel in figures", ("step", "count"), funnel, folded=True),
                picture(
                    folder / "corpus" / "words.png", "Histogram of the number of words in a sentence", "Words in a sentence."
                ),
                columns("Where the text comes from", names, objects(told.get("data")), folded=True),
                table("Sentences for the warm start", ("kind", "sentences"), warm, folded=True),
            ]
        )
    return Section("corpus", "Corpus", blocks or [missing("The corpus is", "corpus")])


def training(folder: Path) -> Section:
    """Curves of the CVAE's training."""
    log = current_log(read_lines(folder / "cvae" / "log.jsonl"))
    charts = [chart for key, title in _CURVES.items() if (chart := _curve(log, key, title)) is not None]
    if not log:
        return Section("training", "Training", [missing("The model is", "cvae")])
    phases = list(dict.fromkeys(text(entry.get("phase")) for entry in log))
    last = {text(entry.get("phase")): entry for entry in log}
    curves = Lines(charts, phases, "By minutes of training; validation figures are of sentences never trained on.")
    blocks = present(
        [
            curves if charts else Note("One measurement so far: curves need two."),
            columns("The last figures of each phase", _PHASE, list(last.values())),
        ]
    )
    return Section("training", "Training", blocks)


def current_log(log: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries that led to the model as it is: a training taken up again from an earlier step overrules what came after."""
    kept: list[dict[str, Any]] = []
    for entry in log:
        steps = number(entry.get("steps"))
        if steps is not None and number(entry.get("minutes")) is not None:
            while kept and kept[-1]["steps"] >= steps:
                kept.pop()
            kept.append(entry)
    return kept


def _curve(log: Sequence[Mapping[str, Any]], key: str, title: str) -> Line | None:
    latent_only = key in ("kl", "mi")  # the warm start is a plain language model: it has none
    points = [
        (float(entry["minutes"]), y)
        for entry in log
        if (y := number(entry.get(key))) is not None and not (latent_only and entry.get("phase") == "warm start")
    ]
    spans: list[tuple[str, float, float]] = []
    before = 0.0
    for entry in log:
        phase, minutes = text(entry.get("phase")), float(entry["minutes"])
        if spans and spans[-1][0] == phase:
            spans[-1] = (phase, spans[-1][1], minutes)
        else:
            spans.append((phase, before, minutes))
        before = minutes
    return line_chart(title, points, spans, "minutes")


def topics(folder: Path) -> Section:
    """The topics of LDA, with the reason for those that were chosen."""
    place = folder / "topics"
    told = read_object(place / "topics.json")
    if not told:
        return Section("topics", "Topics", [missing("The topics are", "topics")])
    found = objects(told.get("topics"))
    rows = [
        [
            Cell(f"{text(topic.get('id', i))}: {text(topic.get('name'))}"),
            Cell(", ".join(_words(topic.get("words"))[:_WORDS_SHOWN])),
            Cell(percent(topic.get("share")), number=True),
            Cell("yes" if topic.get("descriptive") is True else "no"),
        ]
        for i, topic in enumerate(found)
    ]
    head = ("topic", "words", "share", "of sound")
    examples = [(text(topic.get("name")), said) for topic in found for said in texts(topic.get("examples"))[:2]]
    blocks = present(
        [
            Note(text(told["reason"])) if told.get("reason") else None,
            Table(f"{len(found)} topics of the training text", head, rows),
            Quotes("Sentences that belong to a topic most", examples, folded=True) if examples else None,
            picture(place / "intertopic.png", "Map of the topics: near ones use the same words, larger ones are more frequent"),
            picture(place / "coherence.png", "Coherence of the topics by how many there are"),
        ]
    )
    return Section("topics", "Topics", blocks)


def _words(value: object) -> list[str]:
    pairs = value if isinstance(value, list) else []
    return [text(pair[0]) if isinstance(pair, list | tuple) and pair else text(pair) for pair in pairs]


def contrast(folder: Path) -> Section:
    """For each audio feature, the words that the word model favours where it is high and where it is low."""
    blocks: list[Block] = []
    for path in sorted((folder / "contrast").glob("*.json")):
        told = read_object(path)
        name = text(told.get("feature", path.stem))
        sides = {side: objects(told.get(f"{side}_words")) for side in ("high", "low")}
        if not any(sides.values()):
            continue
        alt = f"Two word clouds for {name}: " + "; ".join(
            f"{side}: {', '.join(text(word.get('word')) for word in some[:8])}" for side, some in sides.items()
        )
        most = max(map(len, sides.values()))
        rows = [
            [
                value
                for side in sides.values()
                for value in ((side[i].get("word"), side[i].get("z")) if i < len(side) else ("", ""))
            ]
            for i in range(min(most, 2 * _WORDS_SHOWN))
        ]
        ends = " and ".join(text(told.get(end)) for end in ("low", "high"))
        caption = f"{name}: {text(told.get('words_sampled'))} words sampled at {ends}"
        head = (f"{name} high", "z", f"{name} low", "z")
        blocks += present([picture(path.with_suffix(".png"), alt, caption), table(f"{name} in words", head, rows, folded=True)])
    lead = "What the LSTM over words, told the song's features, says more often where one is high than where it is low."
    return Section(
        "contrast", "Words of a feature", blocks or [missing("The word clouds are", "contrast --feature energy")], lead
    )


def latent(folder: Path) -> Section:
    """The latent space, and the way between two sentences."""
    alt = "Map of the latent space: sentences by their latent, coloured by what they are about"
    seen = picture(folder / "evaluation" / "latent.png", alt, "Latents of held-out sentences in two dimensions.")
    ways: list[Block] = [way for path in sorted(folder.glob("homotopy*.json"))[:_HOMOTOPIES] for way in _ways(path)]
    blocks = present(
        [
            seen or missing("The map of the latent space is", "evaluate"),
            *(ways or [missing("Sentences between two sentences are", 'homotopy "one" "another"')]),
        ]
    )
    return Section("latent", "Latent space", blocks)


def _ways(path: Path) -> list[Quotes]:
    """Every list of sentences in a file, whatever it calls them."""
    told = read_json(path)
    lists = (
        [(path.stem, told)] if isinstance(told, list) else [(f"{path.stem}: {text(k)}", v) for k, v in mapping(told).items()]
    )
    found = []
    for name, value in lists:
        lines = texts(value) or [text(entry[k]) for entry in objects(value) for k in ("text", "sentence") if k in entry]
        if len(lines) > 1:
            found.append(Quotes(name, [("", line) for line in lines]))
    return found


def ladder(folder: Path) -> Section:
    """The baselines side by side."""
    place = folder / "ladder"
    told = read_object(place / "ladder.json")
    rows = objects(told.get("rows"))
    if not rows:
        return Section("ladder", "The ladder of baselines", [missing("The ladder is", "ladder")])
    blocks = present(
        [
            columns("Every baseline on the same unseen lines", _RUNG, rows),
            Note("A dash stands for infinite: a model without smoothing gives no chance to what it never saw."),
            picture(place / "ladder.png", "Bits a character of every baseline"),
            picture(place / "ngram.png", "Bias and variance of the character n-gram over its order"),
            columns("The character n-gram by its order", _ORDER, objects(told.get("ngram")), folded=True),
            Quotes("What they write, the first samples", _ladder_samples(rows), folded=True),
        ]
    )
    return Section("ladder", "The ladder of baselines", blocks, "From counting characters to the model of 2018.")


def _ladder_samples(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [
        (f"{text(row.get('name'))}, temperature {text(temperature)}", said)
        for row in rows
        for temperature, some in mapping(row.get("samples")).items()
        for said in texts(some)[:_SAMPLES_SHOWN]
    ]


def lcgan(folder: Path) -> Section:
    """Where z comes from: prior, posterior, the best of many, the generator."""
    told = read_object(folder / "lcgan" / "lcgan.json")
    rows = objects(told.get("rows"))
    if not rows:
        return Section("lcgan", "LC-GAN", [missing("The generator of latents is", "lcgan")])
    names = {
        "value": "value",
        "system": "z from",
        "attribute": "attribute",
        "distinct_2": "distinct-2",
        "perplexity": "perplexity",
        "z_norm": "‖z‖/√d",
    }
    for row in rows:
        names |= {key: text(key) for key, value in row.items() if key not in names and not isinstance(value, dict | list)}
    blocks = [columns("Each source of z for each value function", names, rows)]
    pictures: list[Picture | None] = [
        picture(path, f"LC-GAN: {path.stem}") for path in sorted((folder / "lcgan").glob("*.png"))
    ]
    ships = [f"{text(k)}: {text(v)}" for k, v in mapping(told.get("ships")).items() if not isinstance(v, dict | list)]
    note = Note(f"What ships – {text('; '.join(ships))}.") if ships else None
    return Section("lcgan", "LC-GAN", present([note, *blocks, *pictures]))
