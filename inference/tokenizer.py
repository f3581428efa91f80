"""Text to subword ids and back: lower-case SentencePiece pieces with slots as single symbols."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sentencepiece

from inference.errors import BundleError

PAD, UNK, BOS, EOS = 0, 1, 2, 3

# Slots that a reply fills in, and masks that are learnt but never said.
FILLABLE = ("<artist>", "<title>")
MASKS = ("<album>", "<name>", "<number>")
SLOTS = FILLABLE + MASKS  # ids 4..8, in this order


class Tokenizer:
    """Unigram subwords with byte fallback, fitted on the training text; the same for training and speaking."""

    def __init__(self, path: Path) -> None:
        """Load a SentencePiece model; raise BundleError when it is none or its special ids are not ours."""
        self._pieces = sentencepiece.SentencePieceProcessor()
        try:
            self._pieces.Load(str(path))
        except (OSError, RuntimeError) as error:
            raise BundleError(f"{path.name} is no SentencePiece model; make the bundle again.") from error
        special = ("<pad>", "<unk>", "<s>", "</s>", *SLOTS)
        if self.size < len(special) or any(self._pieces.PieceToId(p) != i for i, p in enumerate(special)):
            raise BundleError(f"{path.name} lacks the special pieces {', '.join(special)}; make the bundle again.")

    @property
    def size(self) -> int:
        """Number of pieces V."""
        return int(self._pieces.GetPieceSize())

    @property
    def banned(self) -> tuple[int, ...]:
        """Ids that must never be sampled: padding, unknown, start, the masks and raw bytes."""
        raw = (i for i in range(self.size) if self._pieces.IsByte(i))
        return (PAD, UNK, BOS, *(self.slot(mask) for mask in MASKS), *raw)

    def slot(self, name: str) -> int:
        """Id of a slot such as `<artist>`."""
        return len(("<pad>", "<unk>", "<s>", "</s>")) + SLOTS.index(name)

    def piece(self, token: int) -> str:
        """A token as SentencePiece writes it: one that begins a word begins with U+2581."""
        return str(self._pieces.IdToPiece(token))

    def encode(self, text: str) -> list[int]:
        """Ids of a text, lower-cased, without start and end."""
        return list(self._pieces.EncodeAsIds(text.lower()))

    def encode_batch(self, texts: Sequence[str], *, threads: int = 1) -> list[list[int]]:
        """Ids of many texts at once."""
        if threads == 1:  # at once, since SentencePiece would start a thread and have it wait for a turn
            return [self.encode(text) for text in texts]
        lowered = [text.lower() for text in texts]
        return list(self._pieces.Encode(lowered, out_type=int, num_threads=threads))

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids; start, end and padding leave no trace, slots stay as `<artist>`."""
        kept = [int(i) for i in ids if i not in (PAD, BOS, EOS)]
        return " ".join(str(self._pieces.DecodeIds(kept)).split())
