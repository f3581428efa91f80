"""What a running bot tells of itself: one line for each record, with its time in UTC and without any secret."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TextIO
from urllib.parse import quote, quote_plus, unquote

from pydantic import BaseModel, SecretStr

from bot.settings import LogSettings

MASK = "***"
SHORTEST = 4  # letters of a secret; what is shorter guards nothing, and would take words out of every line
_LONGEST = 16_384  # letters of a message or a traceback that are told
_OURS = ("bot", "inference")
# Libraries that tell too much below a warning: tokens, addresses with keys, people's messages, every statement.
_THEIRS = (
    *("aiohttp", "aiosqlite", "alembic", "asyncio", "discord", "requests", "slack_bolt", "slack_sdk", "spotipy"),
    *("sqlalchemy", "urllib3"),
)

_NAMES = r"(?:(?<![a-z])key|api_?key|token|secret|password|passwd|authorization)"  # what names of secrets end in
# What looks like a secret, whoever gave it, and what is shown in its place. No part of a pattern can begin where the one
# before it goes on, so that the time grows with the length of a text and no faster.
_SHAPES = tuple(
    (re.compile(pattern, re.ASCII), shown)
    for pattern, shown in (
        (r"(?i)\b(bearer)[ \t]+[^\s\"',;]+", rf"\1 {MASK}"),
        (r"\b(Basic)[ \t]+[A-Za-z0-9+/_-]{12,}={0,2}", rf"\1 {MASK}"),
        (r"xox[a-z](?:\.xox[a-z])?-[\w.-]*|xapp-[\w-]*", MASK),  # Slack
        (r"(?<![\w-])[\w-]{18,}\.[\w-]{5,8}\.[\w-]{25,}", MASK),  # Discord
        (r"(?<![\w-])eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*", MASK),  # JSON web tokens
        # Before an equals sign or, as in JSON, in quotation marks before a colon.
        (rf"(?i)({_NAMES})=[^&\s\"'<>#]+", rf"\1={MASK}"),
        (r"(?i)([?&](?:code|sig|signature|state|ticket))=[^&\s\"'<>#]+", rf"\1={MASK}"),
        (rf"(?i)({_NAMES}\\{{0,3}}\"\s{{0,4}}:\s{{0,4}}\\{{0,3}}\")(?:\\.|[^\"\\])*", rf"\1{MASK}"),
        (rf"(?i)({_NAMES}\\{{0,3}}'\s{{0,4}}:\s{{0,4}}\\{{0,3}}')(?:\\.|[^'\\])*", rf"\1{MASK}"),
        (r"(://)[^\s/@\"'<>]{1,1024}@", rf"\1{MASK}@"),  # user and password
        # Addresses that are the right to post: webhooks, and answers to a button.
        (r"(/(?:webhooks|interactions)/\d{1,25}/)[\w-]+", rf"\1{MASK}"),
        (r"(hooks\.slack\.com/)[^\s\"'<>]+", rf"\1{MASK}"),
    )
)


class Secrets:
    """What must never be seen in a log: values that are known, and whatever looks like one."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Hide these values too, as they are and as addresses, JSON and Python write them, if they have 4 letters."""
        forms = {form for value in values if len(value) >= SHORTEST for form in _forms(value)}
        either = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        # Looking ahead finds those that overlap too, so that no half of one stays behind.
        self._known = re.compile(f"(?=({either}))") if forms else None

    @classmethod
    def of(cls, settings: BaseModel) -> Secrets:
        """Those in the settings, wherever they stand in them, and the password in the address of a database."""
        values = [secret.get_secret_value() for secret in _secrets(settings)]
        passwords = [found[1] for value in values if (found := re.search(r"://[^:/@]*:([^@]*)@", value))]
        return cls([*values, *passwords, *map(unquote, passwords)])

    def hide(self, text: str) -> str:
        """The text with *** in place of each of them."""
        text = self._without_known(text)
        for pattern, shown in _SHAPES:
            text = pattern.sub(shown, text)
        return self._without_known(text)

    def _without_known(self, text: str) -> str:
        """The text without the known ones; again and again, as what is left could make up another one."""
        while self._known and (spans := _merged(self._known.finditer(text))):
            parts, end = [], 0
            for start, stop in spans:
                parts += [text[end:start], MASK]
                end = stop
            text = "".join([*parts, text[end:]])
        return text


class Lines(logging.Formatter):
    """One line for each record, as "plain" text or as "json" {at, level, logger, message, exception}."""

    def __init__(self, style: str, secrets: Secrets) -> None:
        """Write in this style, without these secrets."""
        super().__init__()
        self._format = style
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The line; never raises, whatever was logged."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message, exception = self._clean(_message(record)), self._clean(self._trace(record))
        if self._format == "json":
            values = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": message}
            return json.dumps(values | ({"exception": exception} if exception else {}))
        end = f" | {exception}" if exception else ""
        line = escaped(f"{record.name}: {message}{end}")
        return f"{at} {record.levelname:<8} {self._secrets.hide(line)}"

    def _clean(self, text: str) -> str:
        """A text without secrets and of bearable length: first hidden, then cut, or half a secret could stay."""
        text = self._secrets.hide(text) if text else ""
        return f"{text[:_LONGEST]}… ({len(text) - _LONGEST} more)" if len(text) > _LONGEST else text

    def _trace(self, record: logging.LogRecord) -> str:
        """Where it happened, "" where the record does not tell."""
        try:
            trace = self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""
        except Exception as error:  # an exception that cannot even be shown
            trace = f"{_kind(record.exc_info)} (which cannot be shown: {type(error).__name__})"
        return "\n".join(part for part in (trace, record.stack_info) if part)


class _Lines(logging.StreamHandler[TextIO]):
    """Writes lines; one that cannot be written is left out, as complaining would show what it was about."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
            encoding = getattr(self.stream, "encoding", None) or "utf-8"
            self.stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + self.terminator)
            self.flush()
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Do nothing."""


def configure(log: LogSettings, secrets: Secrets, stream: TextIO | None = None) -> Callable[[], None]:
    """Send everything that is logged to `stream` (stderr), and what ends a thread or the program too; returns the undoing.

    The level is that of our own parts; of libraries, whatever their own wishes, only warnings and worse are told.
    """
    ours = logging.getLevelNamesMapping()[log.level.upper()]
    theirs = max(ours, logging.WARNING)
    levels = dict.fromkeys(_OURS, ours) | dict.fromkeys(_THEIRS, theirs) | {"": theirs}
    before = {name: logging.getLogger(name).level for name in levels}
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers = root.handlers[:]
    handler = _Lines(stream or sys.stderr)
    handler.setFormatter(Lines(log.format, secrets))
    root.handlers[:] = [handler]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook, threading.excepthook = _ended, _thread_ended

    def undo() -> None:
        root.handlers[:] = handlers
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
        logging.captureWarnings(False)
        sys.excepthook, threading.excepthook = hooks

    return undo


def escaped(text: str) -> str:
    r"""The text on one line: whatever is no letter, sign or blank is written as Python does, a new line as \n."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode() for letter in text
    )


def _forms(value: str) -> Iterator[str]:
    """A value in every way in which it may be written."""
    yield value
    yield escaped(value)
    yield from (json.dumps(value, ensure_ascii=plain)[1:-1] for plain in (True, False))
    yield repr(value)[1:-1]
    for encode in (quote, quote_plus):
        yield encode(value, safe="", errors="surrogatepass")
    yield quote(value, errors="surrogatepass")


def _secrets(value: object) -> Iterator[SecretStr]:
    """Every secret in a setting, a section or all settings."""
    if isinstance(value, SecretStr):
        yield value
    elif isinstance(value, BaseModel):
        yield from (found for name in type(value).model_fields for found in _secrets(getattr(value, name)))
    elif isinstance(value, dict):
        yield from (found for inner in value.values() for found in _secrets(inner))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (found for inner in value for found in _secrets(inner))


def _merged(found: Iterable[re.Match[str]]) -> list[tuple[int, int]]:
    """Where known secrets stand, as (start, stop); those that overlap or touch as one."""
    spans: list[tuple[int, int]] = []
    for match in found:
        start, stop = match.span(1)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
        else:
            spans.append((start, stop))
    return spans


def _message(record: logging.LogRecord) -> str:
    """The message of a record, and where its arguments do not fit only what it begins with."""
    try:
        return record.getMessage().rstrip("\r\n")
    except Exception as error:  # a fault in what is told must not cost more than the telling
        begin = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        return f"{begin} (the arguments do not fit: {type(error).__name__})"


def _kind(exc_info: Any) -> str:
    return getattr(exc_info[0], "__name__", "An error") if isinstance(exc_info, tuple) else "An error"


def _ended(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Tell in the log what ends the program."""
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("bot").critical("The program ends, by a fault in it.", exc_info=(kind, error, trace))


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    """Tell in the log what ends a thread."""
    if args.exc_value is None or issubclass(args.exc_type, SystemExit):
        return
    name = args.thread.name if args.thread else "?"
    logging.getLogger("bot").error(
        "The thread %s ended, by a fault in it.", name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
    )
