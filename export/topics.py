"""The topics stage: what the sentences are about, by LDA, and which of it describes how the music sounds.

Latent Dirichlet allocation (Blei, Ng & Jordan 2003) by online variational Bayes (Hoffman, Blei & Bach 2010), from gensim.
The number of topics is chosen by coherence c_npmi (Bouma 2009): how much more often than by chance the ten first words of a
topic stand in one sentence. It agrees with people better than u_mass (Lau, Newman & Baldwin 2014; Roeder, Both &
Hinneburg 2015), which likes words that are common in every topic, and lies in -1…1 whatever the number of topics.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence, Sized
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import numpy as np
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel, LdaModel
from gensim.parsing.preprocessing import STOPWORDS
from numpy.typing import NDArray
from rich.progress import Progress, TaskID

from export.config import TopicsConfig
from export.corpus.pipeline import read_rows
from export.errors import ConfigError, CorpusError
from export.stages import Run
from export.topic_figures import draw_coherence, draw_topics
from inference.checks import content_of
from inference.lexicon import GENRES
from inference.sound import SOUND_WORDS, descriptiveness
from inference.topics import TopicModel, e_step, places_of, responsibilities
from inference.words import stem, words_of

_TOP = 10  # words whose coherence is measured, as is usual
_SHOWN, _EXAMPLES, _NAMED = 15, 6, 3  # words, sentences, and words in the name of a topic
_EXAMPLE_WORDS = (8, 24)
_TYPICAL = 300  # sentences of the highest share that examples are taken from
_RELEVANCE = 0.8  # lambda of Sievert & Shirley 2014: a word's probability against how much the topic raises it
_LEAST_SENTENCES = 50
_CHUNK = 2000  # sentences between two updates of the topics
_SINGULAR_SHARE = 0.02  # of the plural's count, that makes a word its singular

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Material:
    """What LDA reads: training sentences in random order, and of each the places of its words in the vocabulary."""

    texts: list[str]
    words: tuple[str, ...]
    documents: list[list[int]]

    def some(self, count: int) -> Material:
        """At most so many of the sentences."""
        return Material(self.texts[:count], self.words, self.documents[:count])

    def word_shares(self) -> Floats:
        """Share (V,) of each word of the vocabulary in the text, each word once a sentence."""
        counts = np.bincount([place for document in self.documents for place in document], minlength=len(self.words))
        return np.asarray(counts / max(counts.sum(), 1))


@dataclass(frozen=True)
class Found:
    """The frozen model, and what is written of it."""

    model: TopicModel
    figures: dict[str, Any]


def run_topics(run: Run, progress: Progress) -> Found:
    """Choose the number of topics, fit them on the training part, and write topics.npz, topics.json and two pictures.

    Interrupted, it goes on after the last number that was tried; what is done for this corpus, these settings and this
    seed stays as it is.
    """
    run.need(run.commentary, "corpus")
    folder = run.topics.parent
    folder.mkdir(parents=True, exist_ok=True)
    settings, seed = run.config.topics, run.config.seed
    if not 2 <= settings.least <= settings.most or settings.step < 1:
        raise ConfigError("topics.least must be 2 or more and no more than topics.most, and topics.step 1 or more.")
    stamp = {"corpus": run.corpus_hash(), "seed": seed, "settings": json.loads(json.dumps(asdict(settings)))}
    done = folder / "topics.json"
    if done.exists() and run.topics.exists():
        figures = json.loads(done.read_text(encoding="utf-8"))
        if figures["made_from"] == stamp:
            return Found(TopicModel.load(run.topics), figures)
    material = read_material(run, settings)
    coherence = _search(run, material, stamp, progress)
    mean = {k: float(np.mean(values)) for k, values in coherence.items()}
    chosen = choose_number(coherence)
    lda = fit(material, chosen, settings, settings.passes, seed, progress)
    model, figures = describe(lda, material, settings)
    figures |= {
        "chosen_k": chosen,
        "coherence": [{"k": k, "coherence": mean[k], "fits": values} for k, values in coherence.items()],
        "final_coherence": _coherence(lda, material),
        "made_from": stamp,
    }
    model.save(run.topics)
    draw_coherence(coherence, chosen, folder / "coherence.png")
    draw_topics(figures["topics"], folder / "intertopic.png")
    done.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return Found(model, figures)


def read_material(run: Run, settings: TopicsConfig) -> Material:
    """The training sentences with at least two words of the vocabulary, in random order."""
    rng = np.random.default_rng(run.config.seed)
    texts = [
        row["text"]
        for row in read_rows(run.commentary)
        if row["split"] == "train" and (row["kind"] != "caption" or rng.random() < settings.caption_share)
    ]
    # The corpus stands source by source, and an online fit would remember the last of them best.
    texts = [texts[i] for i in rng.permutation(len(texts))]
    words = vocabulary(texts, settings)
    index = {word: i for i, word in enumerate(words)}
    pairs = [(text, found) for text in texts if len(found := places_of(text, index)) > 1]
    if len(pairs) < _LEAST_SENTENCES or len(words) < _TOP:
        raise CorpusError(f"Only {len(pairs)} sentences have words for topics; give more text, or lower topics.word_min_count.")
    return Material([text for text, _ in pairs], words, [found for _, found in pairs])


def vocabulary(texts: Sequence[str], settings: TopicsConfig) -> tuple[str, ...]:
    """Content words that are neither rare nor everywhere, most frequent first; a plural stands under its singular."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(content_of(words_of(text)))
    for word in sorted(counts):
        singular = stem(word)
        common = max(settings.word_min_count, _SINGULAR_SHARE * counts[word])  # or it is a slip: "seriou"
        if singular != word and word not in GENRES and counts[singular] >= common:
            counts[singular] += counts.pop(word)
    most = settings.word_max_share * len(texts)
    kept = [
        (word, n)
        for word, n in counts.items()
        if settings.word_min_count <= n <= most and word not in STOPWORDS and stem(word) not in STOPWORDS
    ]
    kept.sort(key=lambda pair: (-pair[1], pair[0]))
    return tuple(word for word, _ in kept[: settings.vocabulary])


class _Corpus(Sized):
    """Sentences as gensim reads them, once a pass, with a progress bar."""

    def __init__(self, documents: list[list[int]], progress: Progress, task: TaskID) -> None:
        self._documents, self._progress, self._task = documents, progress, task

    def __len__(self) -> int:
        return len(self._documents)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for document in self._documents:
            self._progress.advance(self._task)
            yield [(place, 1) for place in document]


def choose_number(coherence: dict[int, list[float]]) -> int:
    """The fewest topics whose mean coherence is within one standard error of the best (Breiman et al. 1984)."""
    best = max(coherence.values(), key=lambda fits: float(np.mean(fits)))
    error = float(np.std(best, ddof=1) / np.sqrt(len(best))) if len(best) > 1 else 0.0
    return min(k for k, fits in coherence.items() if np.mean(fits) >= np.mean(best) - error)


class _BatchLda(LdaModel):  # type: ignore[misc]  # gensim ships no types
    """gensim's LDA, whose E-step takes many short sentences at once: the one that inference has, some times as fast."""

    def inference(
        self, chunk: Sequence[Sequence[tuple[int, float]]], collect_sstats: bool = False
    ) -> tuple[Floats, Floats | None]:
        """Gamma (N, K) of sentences, every word once, and if wanted what the M-step adds up (K, V)."""
        documents = [[place for place, _ in document] for document in chunk]
        lengths = np.array([len(document) for document in documents], dtype=np.int64)
        flat = np.fromiter(chain.from_iterable(documents), dtype=np.int64)  # (W,)
        columns = np.ascontiguousarray((self.expElogbeta / self.expElogbeta.max(axis=0)).T, dtype=np.float32)  # (V, K)
        gamma = e_step(documents, columns, self.alpha.astype(np.float32))  # (N, K)
        if not collect_sstats:
            return gamma.astype(self.dtype), None
        phi = responsibilities(gamma, lengths, columns[flat])  # (W, K)
        counts = np.array([np.bincount(flat, weights=row, minlength=self.num_terms) for row in phi.T])  # (K, V)
        return gamma.astype(self.dtype), counts.astype(self.dtype)


def _search(run: Run, material: Material, stamp: dict[str, Any], progress: Progress) -> dict[int, list[float]]:
    """Coherence of some fits for every number of topics; those of a number are kept as soon as they are known."""
    settings, seed, path = run.config.topics, run.config.seed, run.topics.parent / "search.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known = dict(kept["coherence"]) if kept.get("made_from") == stamp else {}
    some = material.some(settings.search_sentences)
    for k in range(settings.least, settings.most + 1, settings.step):
        if k not in known:
            fits = (fit(some, k, settings, settings.search_passes, seed + i, progress) for i in range(settings.search_seeds))
            known[k] = [_coherence(lda, some) for lda in fits]
            path.write_text(json.dumps({"made_from": stamp, "coherence": list(known.items())}), encoding="utf-8")
    return known


def fit(material: Material, k: int, settings: TopicsConfig, passes: int, seed: int, progress: Progress) -> LdaModel:
    """Fit k topics, the first of them drawn to the anchors if they have any weight."""
    task = progress.add_task(f"{k} topics", total=passes * len(material.documents))
    eta = np.full((k, len(material.words)), settings.eta)
    if settings.anchor_sentences > 0:
        wanted = {*settings.anchors, *map(stem, settings.anchors)}
        eta[0, [i for i, word in enumerate(material.words) if word in wanted]] += settings.anchor_sentences
    lda = _BatchLda(
        id2word=dict(enumerate(material.words)),
        num_topics=k,
        alpha=np.full(k, settings.alpha),
        eta=eta,
        passes=passes,
        chunksize=_CHUNK,
        eval_every=None,
        random_state=seed,
        dtype=np.float64,
    )
    lda.sync_state()  # the anchors count from the first sentence on, not only after the first update
    lda.update(_Corpus(material.documents, progress, task))
    progress.remove_task(task)
    return lda


def _coherence(lda: LdaModel, material: Material) -> float:
    """c_npmi of the topics, over whole sentences."""
    texts = [[material.words[place] for place in document] for document in material.documents]
    dictionary = Dictionary([list(material.words)])
    top = [[material.words[i] for i in np.argsort(-row, kind="stable")[:_TOP]] for row in lda.get_topics()]
    longest = max(map(len, texts))
    measured = CoherenceModel(
        topics=top, texts=texts, dictionary=dictionary, coherence="c_npmi", window_size=longest, topn=_TOP, processes=1
    )
    return float(measured.get_coherence())


def describe(lda: LdaModel, material: Material, settings: TopicsConfig) -> tuple[TopicModel, dict[str, Any]]:
    """The frozen model, its topics by falling share, and of each words, sentences, and whether it describes the sound."""
    topics = lda.get_topics()  # (K, V), probabilities
    frozen = TopicModel(
        material.words,
        np.maximum(lda.expElogbeta, np.finfo(np.float32).tiny),
        lda.alpha,
        np.ones(len(topics), dtype=np.bool_),
        [""] * len(topics),
    )
    weights = frozen.weights(material.texts).astype(np.float64)  # (N, K)
    order = np.argsort(-weights.mean(axis=0), kind="stable")
    topics, weights = topics[order], weights[:, order]
    scores = np.array([descriptiveness(text) for text in material.texts])
    sound = np.array([_is_of_sound(word) for word in material.words])
    shares = material.word_shares()
    base = {"sound": float(shares[sound].sum()), "descriptiveness": float(scores.mean())}
    rows = [
        {
            "id": i,
            **_words(topic, shares, material.words),
            "share": float(weight.mean()),
            "sound": float(topic[sound].sum()),
            "descriptiveness": float((weight * scores).sum() / weight.sum()),
            "examples": _examples(weight, topic, material),
        }
        for i, (topic, weight) in enumerate(zip(topics, weights.T, strict=True))
    ]
    reason = choose_descriptive(rows, base, settings)
    for row, (x, y) in zip(rows, intertopic_places(topics), strict=True):
        row |= {"x": x, "y": y}
    model = TopicModel(
        material.words,
        frozen.beta[order],
        frozen.alpha[order],
        np.array([row["descriptive"] for row in rows]),
        [str(row["name"]) for row in rows],
    )
    return model, {"topics": rows, "reason": reason, "all_text": base, "sentences": len(material.texts)}


def choose_descriptive(rows: list[dict[str, Any]], base: dict[str, float], settings: TopicsConfig) -> str:
    """Mark the topics that describe how the music sounds, and return why these.

    Words of `inference.sound` must have `sound_lift` times their share of all text, and the topic's sentences, each as
    far as it belongs there, must be `sentence_lift` times as descriptive as all. Where no topic is, the best one is taken.
    """

    def lift(row: dict[str, Any]) -> tuple[float, float]:
        return row["sound"] / max(base["sound"], 1e-9), row["descriptiveness"] / max(base["descriptiveness"], 1e-9)

    lifts = [lift(row) for row in rows]
    passed = [sound >= settings.sound_lift and said >= settings.sentence_lift for sound, said in lifts]
    best = max(range(len(rows)), key=lambda i: lifts[i][0] * lifts[i][1])
    for i, row in enumerate(rows):
        row["descriptive"] = passed[i] or (not any(passed) and i == best)
    chosen = "; ".join(
        f"{row['id']} ({row['name']}): {row['sound']:.0%} of its words tell of sound, {a:.1f} times as many as in all text "
        f"({base['sound']:.0%}), and its sentences score {row['descriptiveness']:.2f} for descriptiveness, {b:.2f} times "
        f"the mean ({base['descriptiveness']:.2f})"
        for row, (a, b) in zip(rows, lifts, strict=True)
        if row["descriptive"]
    )
    wanted = f"{settings.sound_lift:g} times and {settings.sentence_lift:g} times"
    if any(passed):
        return f"Of {len(rows)} topics these describe the sound, as at least {wanted} are wanted: {chosen}."
    return f"No topic reaches what is wanted ({wanted}), so the one nearest to it is taken: {chosen}."


def intertopic_places(topics: Floats) -> list[tuple[float, float]]:
    """Places in the plane whose distances come near the topics' Jensen-Shannon distances, by classical scaling."""
    p = topics / topics.sum(axis=1, keepdims=True)  # (K, V)
    entropy = -(p * np.log2(np.maximum(p, 1e-300))).sum(axis=1)  # (K,)
    mixed = [[_entropy((a + b) / 2) for b in p] for a in p]
    squared = np.maximum(np.array(mixed) - (entropy[:, None] + entropy) / 2, 0.0)  # (K, K), 0…1: the distance squared
    centre = np.eye(len(p)) - 1 / len(p)
    values, vectors = np.linalg.eigh(-0.5 * centre @ squared @ centre)
    axes = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0.0))  # (K, 2)
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])] < 0, -1.0, 1.0)  # one of two mirror images
    return [(float(x), float(y)) for x, y in axes]


def _entropy(p: Floats) -> float:
    return float(-(p * np.log2(np.maximum(p, 1e-300))).sum())


def _is_of_sound(word: str) -> bool:
    """Whether a word of the vocabulary, or its plural, tells of sound."""
    return word in SOUND_WORDS or f"{word}s" in SOUND_WORDS


def _words(topic: Floats, shares: Floats, words: Sequence[str]) -> dict[str, Any]:
    """The most relevant words of a topic with their probability, and its name, made of the first."""
    log_p = np.log(np.maximum(topic, 1e-12))
    relevance = _RELEVANCE * log_p + (1 - _RELEVANCE) * (log_p - np.log(np.maximum(shares, 1e-12)))
    first = np.argsort(-relevance, kind="stable")[:_SHOWN]
    return {
        "name": ", ".join(words[i] for i in first[:_NAMED]),
        "words": [[words[i], float(topic[i])] for i in first],
    }


def _examples(weight: Floats, topic: Floats, material: Material) -> list[str]:
    """Sentences of middling length that belong to a topic most, those first that have most of its commonest words."""
    low, high = _EXAMPLE_WORDS
    common = set(np.argsort(-topic, kind="stable")[:_SHOWN].tolist())
    fit = [i for i in np.argsort(-weight, kind="stable").tolist() if low <= len(material.texts[i].split()) <= high]
    typical = sorted(fit[:_TYPICAL], key=lambda i: -len(common.intersection(material.documents[i])))
    return list(dict.fromkeys(material.texts[i] for i in typical))[:_EXAMPLES]
