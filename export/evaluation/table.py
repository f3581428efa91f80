"""The table of the evaluation: which figures there are, how each is found, what is wanted of it, and how it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import StageError

SCHEMA = 1
JSON_NAME, MARKDOWN_NAME = "evaluation.json", "evaluation.md"
PEOPLE, PEOPLE_FIT = "people", "people_fit"
FULL = "full"

_LARGE = 1e6  # from which a number is shown by its power of ten

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    title: str
    how: str
    wanted: str = ""  # of the full system
    met: Callable[[float, float], bool] | None = None  # of what was found and what people have


def _within(share: float) -> Callable[[float, float], bool]:
    return lambda found, people: people > 0 and abs(found / people - 1) <= share


def _factor(most: float) -> Callable[[float, float], bool]:
    return lambda found, people: people / most <= found <= people * most


TEXT_FIGURES = (
    Figure("words", "words a sentence", "mean"),
    Figure(
        "forward_perplexity",
        "forward perplexity a word, n-gram",
        "under a Kneser-Ney 5-gram model of subwords fitted to a random half of the training text, all n-grams kept; it is not "
        "the n-gram model that ranks",
        "within a factor of 1.3 of people's: far lower is dull",
        _factor(1.3),
    ),
    Figure(
        "forward_perplexity_lstm",
        "forward perplexity a word, LSTM",
        "under a small LSTM fitted to the other half: of another family than what ranks",
        "within a factor of 1.3 of people's: far lower is dull",
        _factor(1.3),
    ),
    Figure(
        "reverse_perplexity",
        "reverse perplexity a word",
        "of people's held-out sentences under a 5-gram model that read nothing but one block of this row's",
        "at most 1.5 times people's",
        lambda found, people: found <= 1.5 * people,
    ),
    Figure(
        "human_or_machine",
        "human-or-machine AUC",
        "logistic regression on TF-IDF of words and pairs and on what both judges make of a sentence, learnt on one half and "
        "judged on the other; against people's held-out sentences fit to be said of a song",
        "below 0.75",
        lambda found, _people: found < 0.75,
    ),
    Figure(
        "mauve",
        "MAUVE of hidden states",
        "of the judge LSTM's mean states, block against block: 1 is the same; comparable within this table only",
        "beside people's",
    ),
    Figure("self_bleu_4", "self-BLEU-4", "each sentence against all others of the row: 1 is all the same", "beside people's"),
    Figure("distinct_2", "distinct-2", "share of different pairs of words", "within 10 % of people's", _within(0.1)),
    Figure("distinct_3", "distinct-3", "share of different triples of words", "beside people's"),
    Figure("sound_words", "words about sound", "different ones in a sentence"),
    Figure(
        "genre_told",
        "genre told from the text",
        "how often a classifier learnt from other artists' reviews finds a genre family of the song, averaged over families, "
        "so that text that knows nothing of its song gets one in as many as there are",
    ),
    Figure(
        "genre_over_chance",
        "the same, times chance",
        "1 is what text without conditions gets",
        "at least 2.5",
        lambda found, _people: found >= 2.5,
    ),
    Figure(
        "energy_told",
        "high energy told from low",
        "share of right pairs of a sentence about a loud song and one about a quiet one (outer quarters), by a regressor "
        "learnt from other artists' reviews; 0.5 is chance",
        "at least 0.75",
        lambda found, _people: found >= 0.75,
    ),
    Figure(
        "longest_copied_run",
        "longest copied run, words",
        "the longest that stands in any training sentence, found exactly",
        "at most 7",
        lambda found, _people: found <= 7,
    ),
    Figure(
        "copied_8",
        "sentences with a copied run of 8",
        "share",
        "at most people's",
        lambda found, people: found <= people,
    ),
    Figure(
        "memorised_4",
        "4-grams that were read",
        "share of all 4-grams that stand in the training text",
        "at most people's",
        lambda found, people: found <= people,
    ),
    Figure(
        "exact_copies",
        "exact copies",
        "sentences that stand in the training text as a whole",
        "at most people's",
        lambda found, people: found <= people,
    ),
    Figure(
        "bad_form",
        "bad form",
        "share that a gate of form stops: slot that cannot be filled, too short, unbalanced, repeating, broken",
        "0",
        lambda found, _people: found == 0,
    ),
)

MODEL_FIGURES = (
    Figure(
        "perplexity_importance_weighted",
        "perplexity a word, importance-weighted",
        "50 samples of z a sentence, ends counted; for a plain language model its exact perplexity",
    ),
    Figure("perplexity", "perplexity a word, -ELBO", "an upper bound, ends counted"),
    Figure("reconstruction", "reconstruction, nats a sentence", "from z of the posterior"),
    Figure("kl", "KL, nats a sentence", "from the posterior to the prior"),
    Figure("mi", "mutual information of x and z, nats", "He et al. 2019", "at least 4", lambda found, _people: found >= 4),
    Figure("active_units", "active units", "variance of the posterior mean above 0.01"),
    Figure(
        "permuted_z_cost",
        "lost with another sentence's z",
        "share of the reconstruction",
        "at least 0.15",
        lambda found, _people: found >= 0.15,
    ),
)


def verdicts(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was wanted of the full system, what was found, what people have, and whether it is met."""
    rows: dict[str, Row] = {row["key"]: row["figures"] for row in told["rows"]}
    model: Row = next((row["figures"] for row in told["model"]["rows"] if row["key"] == "cvae"), {})
    people = rows.get(PEOPLE_FIT, {})
    found = []
    for figure, mine in [*((f, rows.get(FULL, {})) for f in TEXT_FIGURES), *((f, model) for f in MODEL_FIGURES)]:
        value, human = mine.get(figure.name), people.get(figure.name)
        if figure.met is None or value is None:
            continue
        met = figure.met(value, human if human is not None else 0.0)
        found.append({"figure": figure.title, "wanted": figure.wanted, "found": value, "people": human, "met": met})
    return found


def as_markdown(told: Mapping[str, Any]) -> str:
    """The whole evaluation, to be read."""
    rows = told["rows"]
    missing = [f"- {m['name']}: not there, left out; `{m['command']}` makes it." for m in told["missing"]]
    shown = [f for f in TEXT_FIGURES if any(f.name in row["figures"] for row in rows)]
    parts = [
        f"# Evaluation of {told['bundle']['name']} {told['bundle']['version']}",
        f"Every column has {told['sentences']} sentences, names as slots, seed {told['seed']}; the systems were asked about "
        f"the same songs of the test part. What is found block against block has blocks of {told['block']}.",
        "\n".join(missing),
        "## What is written",
        table(("figure", *(row["name"] for row in rows)), [_line(f, rows) for f in shown]),
        "## What was wanted of the full system",
        table(
            ("figure", "wanted", "found", "people", "met"),
            [(v["figure"], v["wanted"], v["found"], v["people"], "yes" if v["met"] else "NO") for v in told["wanted"]],
        ),
        "## The models on held-out text",
        f"{told['model']['note']}",
        table(
            ("figure", *(row["name"] for row in told["model"]["rows"])),
            [_line(f, told["model"]["rows"]) for f in MODEL_FIGURES],
        ),
        *_lcgan(told.get("lcgan")),
        "## How each figure is found",
        "\n".join(f"- *{f.title}*: {f.how}." for f in (*shown, *MODEL_FIGURES)),
        "\n".join(f"- {note}" for note in told["notes"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _line(figure: Figure, rows: Sequence[Row]) -> list[object]:
    return [figure.title, *(row["figures"].get(figure.name) for row in rows)]


def _lcgan(told: Mapping[str, Any] | None) -> list[str]:
    """The LC-GAN's own table, where it was made."""
    if not told or not told.get("rows"):
        return []
    rows = [_flat(row) for row in told["rows"]]
    head = list(dict.fromkeys(name for row in rows for name in row))
    return [
        "## Where z comes from",
        "As the LC-GAN's own stage measured it, for each value function.",
        table([name.replace("_", " ") for name in head], [[row.get(name) for name in head] for row in rows]),
    ]


def _flat(row: Row) -> dict[str, object]:
    """A row whose figures that hold figures themselves stand side by side."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        flat |= {f"{name}: {part}": v for part, v in value.items()} if isinstance(value, Mapping) else {name: value}
    return flat


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers with a comma for thousands and two or three decimals, None as a dash."""

    def cell(value: object) -> str:
        if value is None:
            return "\u2013"
        if isinstance(value, float):
            if abs(value) >= _LARGE:
                return f"{value:.0e}"
            return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|").replace("\n", " ")

    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)


def read_evaluation(path: Path) -> dict[str, Any]:
    """What `python -m export evaluate` wrote; StageError when the file is something else."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["schema"] != SCHEMA:
            raise ValueError(f"schema {told['schema']!r:.20}")
        as_markdown(told)  # nothing that is read later is missing
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StageError(f"{path} is no evaluation ({error!r:.80}); run `python -m export evaluate` again.") from error
    return dict(told)
