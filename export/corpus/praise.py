"""How much a sentence praises, 0 to 10: word sentiment learnt from scored reviews, blended with the review's own score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class PraiseModel:
    """A logistic regression on words and pairs of words, told by reviews whose authors gave a score."""

    def __init__(self, texts: Sequence[str], scores: Sequence[float], *, seed: int) -> None:
        """Fit on lower-cased texts with scores 0 to 10; those near the middle tell nothing and are left out."""
        from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415 - training only, slow to load
        from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - as above

        self._vectorizer = HashingVectorizer(ngram_range=(1, 2), n_features=2**18, norm="l2", alternate_sign=False)
        clear = [i for i, score in enumerate(scores) if score <= 4.5 or score >= 7]
        labels = np.array([scores[i] >= 7 for i in clear])
        self._model = None
        if len(clear) >= 20 and 0 < labels.sum() < len(labels):
            model = SGDClassifier(loss="log_loss", alpha=3e-6, max_iter=8, tol=None, random_state=seed)
            self._model = model.fit(self._vectorizer.transform([texts[i] for i in clear]), labels)

    def approval(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """How sure it is (N,), 0 to 1, that a sentence approves; 0.5 where there was nothing to learn from."""
        if self._model is None:
            return np.full(len(sentences), 0.5, dtype=np.float32)
        logits = self._model.decision_function(self._vectorizer.transform(sentences))
        return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), dtype=np.float32)

    def praise(self, sentences: Sequence[str], scores: Sequence[float | None]) -> NDArray[np.float32]:
        """Praise of sentences (N,), spread over 0 to 10 by rank; a document's score counts for a third of it."""
        if self._model is None:
            return np.array([5.0 if s is None else s for s in scores], dtype=np.float32)
        logits = self._model.decision_function(self._vectorizer.transform(sentences))
        ranks = np.empty(len(logits), dtype=np.float32)
        ranks[np.argsort(logits, kind="stable")] = np.linspace(0, 10, len(logits), dtype=np.float32)
        own = np.array([np.nan if s is None else s for s in scores], dtype=np.float32)
        # Music reviews are scored 7 on average: stretch the band in which they differ.
        stretched = np.clip((own - 7.0) * 2.0 + 5.0, 0, 10)
        return np.where(np.isnan(own), ranks, (2 * ranks + stretched) / 3).astype(np.float32)
