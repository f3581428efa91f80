"""The errors of the bot: each message is one sentence for people that names the value, the limit and the remedy.

HypeError
├── QueryError      what was asked for is no song: empty, too long, or not readable
│   └── DeclinedError   a link to something that the bot says nothing about, such as a playlist
├── ConfigError     one or more settings are wrong; `faults` holds every one of them
├── InputError      a file, or a value on the command line, cannot be used
├── BusyError       more replies are being made than may wait, or one took longer than its deadline
├── ClosingError    the bot is about to end and takes on nothing more: what was heard has to be heard again
├── StoreError      the database cannot be opened, read or written
└── ServiceError    an outside service did not give what it was asked for
    ├── RefusedError      it will not answer this: for a day it is not asked again
    ├── LimitedError      it was asked too often, and says for how long it wants to be left alone
    ├── UnavailableError  it is down, too slow, or what it sends cannot be read
    └── LeftAloneError    it was not asked at all, since one of the above was so recently, or others are before us
"""

from __future__ import annotations

from collections.abc import Sequence


class HypeError(Exception):
    """Whatever keeps the bot from answering; the message is one sentence for people."""


class QueryError(HypeError):
    """What was asked for is no song."""


class DeclinedError(QueryError):
    """A link to something that the bot says nothing about."""


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


class ClosingError(HypeError):
    """The bot is about to end, and what it heard was not taken on; whoever can deliver it again does so after the restart."""


class StoreError(HypeError):
    """The database cannot be opened, read or written."""


class ServiceError(HypeError):
    """An outside service did not give what it was asked for; the message holds no address and no secret."""


class RefusedError(ServiceError):
    """The service will not answer this for us; `whole` means that it will not answer anything."""

    def __init__(self, message: str, *, whole: bool = False) -> None:
        """Take the sentence."""
        super().__init__(message)
        self.whole = whole


class LimitedError(ServiceError):
    """The service was asked too often; `retry_after` is for how many seconds it wants to be left alone."""

    def __init__(self, message: str, retry_after: float) -> None:
        """Take the sentence and the seconds, 0 or more."""
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(ServiceError):
    """The service is down, too slow, or sends what cannot be read; `passing` means that trying again may help."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        """Take the sentence."""
        super().__init__(message)
        self.passing = passing


class LeftAloneError(ServiceError):
    """The service was not asked at all."""
