"""The tokenizer stage: unigram subwords with byte fallback, fitted on the training part alone."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import sentencepiece

from export.config import TokenizerConfig
from export.errors import CorpusError
from inference.tokenizer import BOS, EOS, PAD, SLOTS, UNK, Tokenizer


def fit_tokenizer(texts: Iterable[str], config: TokenizerConfig, path: Path, *, seed: int) -> Tokenizer:
    """Fit the vocabulary on normalised sentences and write it to `path`; the same for the same seed and sentences."""
    sentences = list(texts)
    random.Random(seed).shuffle(sentences)  # noqa: S311 - a sample, no secret
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = path.with_suffix("")
    try:
        sentencepiece.SentencePieceTrainer.Train(
            sentence_iterator=iter(sentences[: config.max_sentences]),
            model_prefix=str(prefix),
            vocab_size=config.vocabulary,
            model_type="unigram",
            byte_fallback=True,
            character_coverage=1.0,
            user_defined_symbols=list(SLOTS),
            pad_id=PAD,
            unk_id=UNK,
            bos_id=BOS,
            eos_id=EOS,
            pad_piece="<pad>",
            normalization_rule_name="identity",
            hard_vocab_limit=False,
            num_threads=2,
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        raise CorpusError(f"No tokenizer of {config.vocabulary} pieces can be fitted to this text: {error}.") from error
    prefix.with_suffix(".vocab").unlink(missing_ok=True)
    return Tokenizer(path)
