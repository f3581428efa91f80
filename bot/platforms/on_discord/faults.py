"""What Discord's refusals and closed connections mean, in sentences that say what to do."""

from __future__ import annotations

from bot.errors import HypeError
from bot.platforms.outlet import OutletError, Reason

# Codes of Discord's: what is missing, and what is gone.
NO_EMBEDS_OR_NO_WORDS, NO_HISTORY = 50013, 160002
_FORBIDDEN = {
    50001: "I cannot see that channel: give me the permission View Channel there.",
    50007: "I cannot write to that person in private: they have closed that.",
    50013: "I may not write in that channel: give me the permission Send Messages there.",
    50083: "That thread is archived: open it again.",
    160002: "I may not reply in that channel: give me the permission Read Message History there.",
    160005: "That thread is locked: unlock it.",
}
_GONE = frozenset({10003, 10004, 10008, 10015, 10062, 50027})
_UNKNOWN_SOURCE = "message_reference"  # where the error of a reply to nothing stands

NO_CONTENT = (
    "Without Discord's message-content intent links in messages are not heard, unless they mention me; everything else "
    'works: /hype, "Hype this", the buttons, reactions and private messages.'
)
SWITCH_ON = (
    f"Discord did not grant the message-content intent (close code 4014). {NO_CONTENT} To hear links, switch on "
    '"Message Content Intent" on the page "Bot" of your application at discord.com/developers/applications and restart, '
    "or set message_content = false in [discord] to keep it like this."
)
BAD_TOKEN = (
    'Discord does not accept the token in [discord]: copy it anew from the page "Bot" of your application at '  # noqa: S105 - tells of one
    "discord.com/developers/applications (Reset Token), or leave it empty to do without Discord."
)
_CLOSED = {
    4004: BAD_TOKEN,
    4010: "Discord closed the connection (4010, invalid shard): restart deephypebot.",
    4011: "Discord closed the connection (4011, more shards are required): restart deephypebot, which asks how many.",
    4012: "Discord no longer speaks this version of its interface (4012): update discord.py (pip install -U discord.py).",
    4013: "Discord does not know an intent that was asked for (4013): update discord.py (pip install -U discord.py).",
}


class NoContentError(HypeError):
    """The application was not granted the message-content intent."""


class RefusalError(OutletError):
    """What Discord would not do, with its code for why; 0 where it gave none."""

    def __init__(self, message: str, reason: Reason, code: int = 0, *, retry_after: float = 0.0) -> None:
        """Take the sentence, its kind, the code, and for how many seconds Discord wants to be left alone."""
        super().__init__(message, reason)
        self.code = code
        self.retry_after = retry_after


def refusal(status: int, code: int, text: str) -> RefusalError:
    """What an answer with an error means for whoever wanted something posted."""
    if code in _GONE or (status == 404 and not code) or (code == 50035 and _UNKNOWN_SOURCE in text):
        return RefusalError("What was to be answered, or where, is no longer there.", "gone", code)
    if code in _FORBIDDEN or status == 403:
        return RefusalError(_FORBIDDEN.get(code, f"Discord does not let me do that here (code {code})."), "forbidden", code)
    if status == 429:
        return RefusalError("Discord asks me to slow down: try again in a minute.", "limited", code)
    if status >= 500 or status == 401:
        return down(f"status {status}")
    return RefusalError(f"Discord refuses what I wanted to post (status {status}, code {code}).", "forbidden", code)


def limited(seconds: float) -> RefusalError:
    """Discord was asked too often, and wants to be left alone for so many seconds."""
    told = f"Discord asks me to slow down: try again in {max(1, round(seconds))} seconds."
    return RefusalError(told, "limited", retry_after=seconds)


def down(why: str) -> RefusalError:
    """Discord does not answer; `why` is a word or two on how that showed."""
    return RefusalError(f"Discord does not answer at the moment ({why}): try again in a minute.", "down")


def closed(code: int | None) -> str:
    """Why Discord has closed the connection for good, and what to do."""
    return _CLOSED.get(code or 0, f"Discord closed the connection for good (code {code}): restart deephypebot.")
