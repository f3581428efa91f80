"""The corpus: from documents of music writing to masked sentences with conditions, split once and for all."""
