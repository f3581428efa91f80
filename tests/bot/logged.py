"""A secret, and the line that is logged for one record."""

import logging

from bot.logs import Lines, Secrets

SECRET = "s3cr3t-Value/42"  # noqa: S105 - nobody's


def line_of(message: object, *args: object, known: tuple[str, ...] = (), style: str = "plain", exc: object = None) -> str:
    """The line for one record."""
    info = (type(exc), exc, None) if isinstance(exc, BaseException) else None
    record = logging.LogRecord("bot.x", logging.INFO, __file__, 1, message, args or None, info)
    return Lines(style, Secrets(known)).format(record)
