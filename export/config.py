"""The one typed configuration of a whole training run, read from `export/configs/<name>.toml`."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from export.errors import ConfigError


@dataclass(frozen=True)
class CorpusConfig:
    """What is read, what is kept, how it is split."""

    corpora: str = "../shared/corpora"  # folder of *.jsonl or *.jsonl.gz
    songs: str = "../shared/songs"  # folder with the genre and feature tables; may be missing
    warm_start_only: tuple[str, ...] = ("imdb_reviews", "simplewiki_music")  # teach English, are no commentary
    film_words: int = 4_000_000  # words of film reviews taken into the warm start
    min_words: int = 5
    max_words: int = 32
    warm_start_max_words: int = 40
    validation_share: float = 0.03
    test_share: float = 0.03
    genre_dims: int = 24


@dataclass(frozen=True)
class TokenizerConfig:
    """The subword vocabulary."""

    vocabulary: int = 8000
    max_sentences: int = 300_000  # sampled from the training part for the fit


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the CVAE."""

    embedding: int = 256
    hidden: int = 640
    encoder_hidden: int = 256
    latent: int = 64
    condition_squash: int = 48
    dropout: float = 0.2  # locked over time, on the decoder's input and output
    word_dropout: float = 0.05
    condition_dropout: float = 0.15  # share of examples whose conditions are dropped as a whole
    part_dropout: float = 0.2  # share of single parts dropped besides


@dataclass(frozen=True)
class TrainingConfig:
    """The schedule; shares are shares of the time budget."""

    budget_minutes: float = 120.0
    phase_steps: int = 0  # if not 0, steps of each phase instead of time: the same on a slow machine and a fast one
    warm_start_share: float = 0.4  # decoder as a plain language model on all text
    autoencoder_share: float = 0.1  # encoder warm-up without KL, of the whole budget
    fine_tune_share: float = 0.15  # at the end, on sentences fit to be said
    english_share: float = 0.0  # of the CVAE's sentences, drawn from the warm start: more English gives more sense
    precision: str = "auto"  # fp32, bf16, or auto: bf16 where the processor multiplies in it
    batch_tokens: int = 3072
    learning_rate: float = 2e-3
    free_nats: float = 8.0  # free bits, for all latent dimensions together
    anneal_share: float = 0.3  # of the CVAE's time, in which beta rises from 0 to 1; 0 is 1 at once
    clip: float = 1.0
    max_tokens: int = 48
    evaluate_sentences: int = 1500
    checkpoint_seconds: float = 180.0


@dataclass(frozen=True)
class BundleConfig:
    """What goes into the bundle."""

    name: str = "default"
    version: str = "1"
    ngram_entries: int = 1_000_000
    ngram_order: int = 4
    novelty_bytes: int = 8_000_000  # at most, of the filter against copying
    word_min_count: int = 4  # a word of fewer occurrences in training text is not known
    max_megabytes: float = 30.0
    top_k: int = 50
    temperature: float = 0.7
    min_p: float = 0.1
    latent_scale: float = 0.8
    style_source: str = "review"  # the kind of writing that sampling asks for
    style_descriptive: float = 1.0
    parity_sentences: int = 400
    int8_perplexity: float = 0.005  # relative change that int8 may make
    int8_agreement: float = 0.98  # share of words in which int8 must agree on the likeliest


@dataclass(frozen=True)
class Config:
    """A whole run."""

    seed: int = 2018
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    bundle: BundleConfig = field(default_factory=BundleConfig)


def load_config(name: str) -> Config:
    """Read a configuration by name (`tiny`, `default`) or path; ConfigError lists every fault at once."""
    path = Path(name) if name.endswith(".toml") else Path(__file__).parent / "configs" / f"{name}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = ", ".join(sorted(p.stem for p in (Path(__file__).parent / "configs").glob("*.toml")))
        raise ConfigError(f"There is no configuration {name!r}; use one of {known}, or the path of a .toml.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path.name} cannot be read as TOML: {error}.") from error
    faults: list[str] = []
    config = _build(Config, raw, "", faults)
    if faults:
        raise ConfigError(f"{path.name}: " + "; ".join(faults) + ".")
    assert isinstance(config, Config)  # noqa: S101 - narrows the type for mypy, can never fail
    return config


def _build(cls: type, raw: dict[str, Any], where: str, faults: list[str]) -> object:
    """A dataclass from a table; every fault goes into the list, and the default stands in for the value."""
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in raw.items():
        name = f"{where}{key}"
        if key not in hints:
            faults.append(f"{name} is no setting (known: {', '.join(hints)})")
        elif dataclasses.is_dataclass(hints[key]):
            if isinstance(value, dict):
                values[key] = _build(hints[key], value, f"{name}.", faults)
            else:
                faults.append(f"{name} must be a table")
        else:
            _put(values, key, value, hints[key], name, faults)
    return cls(**values)


def _put(values: dict[str, Any], key: str, value: object, kind: object, name: str, faults: list[str]) -> None:
    """Take one plain value if it is of its kind and not negative."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind == tuple[str, ...] and isinstance(value, list) and all(isinstance(v, str) for v in value):
        value = tuple(value)
    elif not (isinstance(kind, type) and type(value) is kind):
        faults.append(f"{name} = {value!r} is not of the right type")
        return
    if isinstance(value, int | float) and value < 0:
        faults.append(f"{name} = {value!r} must not be negative")
        return
    values[key] = value
