"""The n-gram model is Kneser-Ney as the textbook has it, adds up to one, and tells sentences from jumbles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from export.ngram import fit
from inference.errors import BundleError
from inference.ngram import NgramModel
from inference.tokenizer import BOS, EOS, Tokenizer

VOCABULARY = 24
SAYABLE = [i for i in range(VOCABULARY) if i not in (0, BOS)]


def corpus(seed: int, sentences: int) -> list[list[int]]:
    """Sentences of a random chain, in which what came two before matters."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(sentences):
        row = [int(rng.integers(4, VOCABULARY))]
        while len(row) < 9 and rng.random() > 0.12:
            row.append(4 + (row[-1] + row[max(0, len(row) - 2)] + int(rng.geometric(0.5))) % (VOCABULARY - 4))
        rows.append(row)
    return rows


def next_log_prob(model: NgramModel, context: Sequence[int], token: int) -> float:
    """Log-probability of one token (or the end) after a context."""
    tokens = [*context] if token == EOS else [*context, token]
    log_prob, _ = model.score(np.array([tokens], dtype=np.int64).reshape(1, -1))
    return float(log_prob[0, len(context)])


class Textbook:
    """Interpolated modified Kneser-Ney, written down as in Chen & Goodman (1998), for a check by another way."""

    def __init__(self, sequences: Sequence[Sequence[int]], order: int) -> None:
        self.order = order
        plain: list[Counter[tuple[int, ...]]] = [Counter() for _ in range(order + 1)]
        for sequence in sequences:
            row = (BOS, *sequence, EOS)
            for n in range(1, order + 1):
                plain[n].update(row[i : i + n] for i in range(len(row) - n + 1))
        self.counts = [Counter[tuple[int, ...]]() for _ in range(order + 1)]
        self.counts[order] = plain[order]
        for n in range(1, order):
            self.counts[n] = Counter(gram[1:] for gram in plain[n + 1])
            if n > 1:
                self.counts[n].update({gram: c for gram, c in plain[n].items() if gram[0] == BOS})
        self.discounts = [self._discount(Counter(counts.values())) for counts in self.counts]
        self.after: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for n in range(1, order + 1):
            for gram, count in self.counts[n].items():
                self.after[gram[:-1]].append(count)

    @staticmethod
    def _discount(of: Counter[int]) -> list[float]:
        y = of[1] / max(1, of[1] + 2 * of[2])
        if not all(of[k] for k in (1, 2, 3, 4)):
            return [0, 0.5, 1, 1.5]
        found = [0, *(k - (k + 1) * y * of[k + 1] / of[k] for k in (1, 2, 3))]
        return found if all(0 < d <= k for k, d in enumerate(found) if k) else [0, 0.5, 1, 1.5]

    def prob(self, context: tuple[int, ...], token: int) -> float:
        context = context[max(0, len(context) - self.order + 1) :]
        lower = self.prob(context[1:], token) if context else 1 / len(SAYABLE)
        seen = self.after[context]
        if not seen:
            return lower
        discount = self.discounts[len(context) + 1]
        count = self.counts[len(context) + 1][(*context, token)]
        freed = sum(discount[min(c, 3)] for c in seen)
        return (count - discount[min(count, 3)] + freed * lower) / sum(seen)


@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_is_the_textbook_kneser_ney(order: int, seed: int) -> None:
    sequences = corpus(seed, 300)
    model, textbook = fit(sequences, VOCABULARY, order=order), Textbook(sequences, order)
    for sequence in [*corpus(seed, 20), *corpus(seed + 50, 20), []]:
        log_prob, lengths = model.score(np.array([sequence], dtype=np.int64).reshape(1, -1))
        row = (BOS, *sequence, EOS)
        assert lengths[0] == len(row) - 1
        for i in range(1, len(row)):
            # A byte for each number: a 255th of their range, at most three of them in a sum.
            assert log_prob[0, i - 1] == pytest.approx(np.log(textbook.prob(row[:i], row[i])), abs=0.06)


@pytest.mark.parametrize("kept", [10**6, 400, 60, 0])
def test_probabilities_add_up_to_one_however_much_is_pruned(kept: int) -> None:
    model = fit(corpus(2, 400), VOCABULARY, order=4, max_entries=kept)
    assert model.entries <= kept
    for context in ([], [4], [5, 9], [7, 11, 20], [23, 23, 23, 23], corpus(2, 1)[0]):
        total = sum(np.exp(next_log_prob(model, context, token)) for token in SAYABLE)
        assert total == pytest.approx(1, abs=0.03)


def test_pruning_keeps_what_matters() -> None:
    train, test = corpus(3, 3000), corpus(4, 200)
    whole = fit(train, VOCABULARY, order=4)
    half, none = (fit(train, VOCABULARY, order=4, max_entries=n) for n in (whole.entries // 2, 0))
    fits = [model.mean_log_prob(test).mean() for model in (whole, half, none)]
    assert fits[0] - fits[1] < 0.15 * (fits[0] - fits[2])


def test_tells_sentences_from_jumbles(bundle_ids: list[list[int]]) -> None:
    model = fit(bundle_ids[::2], 600, order=5)
    rng = np.random.default_rng(0)
    jumbled = [rng.permutation(row).tolist() for row in bundle_ids[1::2]]
    assert model.mean_log_prob(bundle_ids[1::2]).min() > model.mean_log_prob(jumbled).mean() + 1


def test_rows_do_not_matter_to_each_other() -> None:
    model, rows = fit(corpus(5, 200), VOCABULARY), corpus(6, 8)
    together = model.mean_log_prob(rows)
    assert together == pytest.approx([model.mean_log_prob([row])[0] for row in rows])
    assert len(model.mean_log_prob([])) == 0


def test_is_the_same_after_saving(tmp_path: Path) -> None:
    model, rows = fit(corpus(7, 200), VOCABULARY), corpus(8, 8)
    model.save(tmp_path / "ngram.npz")
    loaded = NgramModel.load(tmp_path / "ngram.npz")
    assert (loaded.order, loaded.entries, loaded.vocabulary) == (model.order, model.entries, VOCABULARY)
    np.testing.assert_array_equal(loaded.mean_log_prob(rows), model.mean_log_prob(rows))


def test_an_empty_text_gives_a_model_that_knows_nothing() -> None:
    model = fit([], VOCABULARY)
    assert np.exp(next_log_prob(model, [5], 6)) == pytest.approx(1 / len(SAYABLE))


def test_the_order_has_limits() -> None:
    with pytest.raises(ValueError, match="order of an n-gram model is 9"):
        fit([], VOCABULARY, order=9)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "ngram.npz", order=3)
    with pytest.raises(BundleError, match=r"ngram\.npz"):
        NgramModel.load(tmp_path / "ngram.npz")


@pytest.fixture(scope="module")
def bundle_ids(made_bundle: Path, sentences: list[str]) -> list[list[int]]:
    """The tiny bundle's sentences in its own subwords."""
    return Tokenizer(made_bundle / "tokenizer.model").encode_batch(sentences)
