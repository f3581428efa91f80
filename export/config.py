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
    chosen_minutes: float = 8.0  # besides, whenever there are new sentences of the model's own that were chosen
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
class GuidanceConfig:
    """The words that a song calls for."""

    rank: int = 48
    epochs: int = 4
    batch: int = 512  # sentences
    learning_rate: float = 3e-3
    decay: float = 1e-5


@dataclass(frozen=True)
class EnergyConfig:
    """The energy model, which tells good candidates from bad ones, and the learning from what it chose."""

    songs: int = 6_000  # asked about in every round
    each: int = 32  # candidates for a song
    keep: float = 0.5  # of the best candidates for each song, that are learnt from
    seconds: float = 240.0  # of training the energy model
    steps: int = 0  # if not 0, steps instead of time: the same on a slow machine and a fast one
    hidden: int = 128
    dropout: float = 0.2
    learning_rate: float = 1e-3
    batch_tokens: int = 4096


@dataclass(frozen=True)
class LadderConfig:
    """The ladder of baselines; every rung reads the same lines."""

    seconds: float = 100.0  # of training each network, measuring not counted
    epochs: int = 20  # at most
    train_lines: int = 60_000  # at random; all where there are fewer
    held_out_lines: int = 2_000  # of validation and of test
    learning_rate: float = 4e-3
    embedding: int = 32  # of a character
    hidden: int = 256  # of the networks over characters
    context: int = 10  # characters that the feed-forward net sees
    batch_tokens: int = 2048  # characters in a batch; larger ones learn less in the same time
    ngram_order: int = 7  # of the character n-gram that stands in the table
    highest_order: int = 20  # that its bias-variance picture goes up to
    samples: int = 200  # texts sampled of every rung for the memorised share
    original_hidden: int = 512  # the size that the original had; smaller only in tests


@dataclass(frozen=True)
class TopicsConfig:
    """The topic model: latent Dirichlet allocation over sentences."""

    least: int = 4  # numbers of topics that are tried: from least
    most: int = 16  # to most
    step: int = 2  # in such steps
    search_sentences: int = 40_000  # of the training part, that the numbers are tried on
    search_passes: int = 6
    search_seeds: int = 3  # fits of each number, as one alone is good or bad by chance
    passes: int = 6  # over the whole training part, with the number that was chosen
    caption_share: float = 0.25  # of the captions that are read: they are many, and all alike
    vocabulary: int = 8000  # words at most
    word_min_count: int = 8  # sentences that a word must stand in
    word_max_share: float = 0.07  # of all sentences that it may stand in: "song" and "album" tell no topic from another
    alpha: float = 0.1  # prior of a topic in a sentence, in words
    eta: float = 0.02  # prior of a word in a topic, in sentences
    anchors: tuple[str, ...] = ("track", "vocals", "song", "sound", "production", "beat", "guitar", "melody")
    anchor_sentences: float = 0.0  # prior of each anchor in the first topic besides; 0: no topic is told what to be
    sound_lift: float = 1.5  # a topic describes if words of sound have so many times their share of all text
    sentence_lift: float = 1.1  # and its sentences say so many times as much of the sound as all do


@dataclass(frozen=True)
class WordsConfig:
    """The word-level LSTMs of the ladder, with and without the song's audio features."""

    vocabulary: int = 12_000  # words at most; the others are spelled
    frequent: int = 1_500  # words that the first level of the softmax tells apart
    embedding: int = 160
    hidden: int = 320
    dropout: float = 0.1  # locked over time
    learning_rate: float = 3e-3
    batch_tokens: int = 768
    precision: str = "auto"  # as in training


@dataclass(frozen=True)
class EvaluationConfig:
    """The judges of the evaluation; other settings give other figures, to be compared within one table only."""

    judge_embedding: int = 128
    judge_hidden: int = 256
    judge_sentences: int = 30_000  # that the LSTM judge reads, of its half of the training part
    judge_epochs: int = 1
    least_sentences: int = 40  # of people, fit to be said of a song; with fewer nothing is compared
    reader_sentences: int = 30_000  # that the readers of genre and energy learn from


@dataclass(frozen=True)
class LcganConfig:
    """The LC-GAN: a generator that moves z, and critics that foretell what z is decoded to."""

    songs: int = 2_000  # of the training part, whose sentences and conditions are learnt from
    held_out_songs: int = 600  # of the test part, that the table asks about
    base: int = 12_000  # latents decoded and labelled before there is a generator
    fresh: int = 1_536  # decoded with every round's generator, measured, labelled and learnt from
    rounds: int = 8  # at most
    patience: int = 3  # rounds without a better text after which it stops
    steps: int = 80  # of the generator, in a round
    critic_steps: int = 5  # to each of the generator's
    warm_steps: int = 400  # of the critics, before the first round and after the last
    batch: int = 256
    hidden: int = 192  # of the generator
    realism_hidden: int = 128
    value_hidden: int = 32  # beside a linear part; more learns the labels by heart
    dropout: float = 0.5  # of the critics
    noise: float = 0.5  # deviations added to z while the values' critic learns
    weight_decay: float = 1.0  # of the values' critic
    learning_rate: float = 1e-3
    realism: float = 0.2  # its weight beside the values' for the generator; more holds z to what the values doubt
    distances: tuple[float, ...] = (0.02, 0.05, 0.15, 0.5)  # weights of the distance that are tried
    joint: tuple[str, ...] = ()  # values that are wanted together; all there are, where none is named
    draws: int = 4  # latents from which the critics choose one
    best_of: int = 16  # the same, without the generator, in the table
    sentences: int = 1_024  # of each row of the table, at each temperature


@dataclass(frozen=True)
class PlainTextConfig:
    """The VAE on a plain text file, measured as the published tables are."""

    importance_samples: int = 50  # of z for each test sentence; the published tables have 500


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
    temperature: float = 0.95
    min_p: float = 0.05
    latent_scale: float = 0.9
    guidance: float = 0.7  # how strongly words are preferred that songs of such genres and features call for
    style_source: str = "review"  # the kind of writing that sampling asks for
    style_descriptive: float = 0.6  # two or three words of sound; people seldom have four
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
    guidance: GuidanceConfig = field(default_factory=GuidanceConfig)
    energy: EnergyConfig = field(default_factory=EnergyConfig)
    ladder: LadderConfig = field(default_factory=LadderConfig)
    words: WordsConfig = field(default_factory=WordsConfig)
    topics: TopicsConfig = field(default_factory=TopicsConfig)
    lcgan: LcganConfig = field(default_factory=LcganConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    plain_text: PlainTextConfig = field(default_factory=PlainTextConfig)
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
    elif kind == tuple[float, ...] and isinstance(value, list) and all(type(v) in (int, float) and v >= 0 for v in value):
        value = tuple(map(float, value))
    elif not (isinstance(kind, type) and type(value) is kind):
        faults.append(f"{name} = {value!r} is not of the right type")
        return
    if isinstance(value, int | float) and value < 0:
        faults.append(f"{name} = {value!r} must not be negative")
        return
    values[key] = value
