"""The errors of the workshop: each message names what is wrong and the remedy.

ExportError
├── ConfigError     the training configuration is faulty
├── CorpusError     a corpus cannot be read, or too little of it is left
├── StageError      a stage was asked for before the one that it builds on
├── ParityError     an exported graph does not say what the trained model says
├── AnswerError     a file that a person filled in, such as answers to blind pairs, is not what it must be
└── HomotopyError   there is no way between what was given, such as an empty sentence
"""

from __future__ import annotations


class ExportError(Exception):
    """Whatever keeps the workshop from making a bundle; the message is one sentence for people."""


class ConfigError(ExportError):
    """The training configuration is faulty."""


class CorpusError(ExportError):
    """A corpus cannot be read, or too little of it is left."""


class StageError(ExportError):
    """A stage was asked for before the one that it builds on."""


class ParityError(ExportError):
    """An exported graph disagrees with the trained model."""


class AnswerError(ExportError):
    """A file that a person filled in is not what it must be; the message names the line where there is one."""


class HomotopyError(ExportError):
    """There is no way between the sentences or songs that were given."""
