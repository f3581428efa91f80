"""The errors of the bot: each message is one sentence for people that names the value, the limit and the remedy.

HypeError
├── QueryError      what was asked for is no song: empty, too long, or not readable
├── ConfigError     one or more settings are wrong; `faults` holds every one of them
├── InputError      a file, or a value on the command line, cannot be used
├── BusyError       more replies are being made than may wait, or one took longer than its deadline
└── StoreError      the database cannot be opened, read or written
"""

from __future__ import annotations

from collections.abc import Sequence


class HypeError(Exception):
    """Whatever keeps the bot from answering; the message is one sentence for people."""


class QueryError(HypeError):
    """What was asked for is no song."""


class ConfigError(HypeError):
    """One or more settings are wrong; `faults` holds one sentence for each."""

    def __init__(self, faults: Sequence[str]) -> None:
        """Take every fault found, at least one."""
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)


class InputError(HypeError):
    """A file, or a value on the command line, cannot be used."""


class BusyError(HypeError):
    """Too much is being asked at once, or a reply took too long."""


class StoreError(HypeError):
    """The database cannot be opened, read or written."""
