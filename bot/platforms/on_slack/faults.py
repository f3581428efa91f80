"""Slack's refusals: each with its word, its kind for a conversation, and what to do about it."""

from __future__ import annotations

from typing import Any

from bot.platforms.outlet import OutletError, Reason

_GONE = frozenset({"channel_not_found", "is_archived", "message_not_found", "thread_not_found", "user_not_found"})
_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_DOWN = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_access_not_granted"})
DEAD = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})  # said of tokens
_REMEDIES = {
    "not_in_channel": "invite it there with /invite",
    "channel_not_found": "it is private, or gone: invite the app there with /invite",
    "missing_scope": "add the scope that is missing on the app's page, and install the app again",
    "restricted_action": "an admin has restricted who may post there",
    "is_archived": "it is archived",
    "account_inactive": "the app was taken out of the workspace: install it again",
    "token_revoked": "its token was revoked: install the app again",
    "invalid_auth": "its token is not valid any more: install the app again",
    "not_installed": "the app is not installed there: install it",
}


class SlackError(OutletError):
    """What Slack would not do.

    `code` is its own word for why, "" where it said nothing; `wait` is for how many seconds it wants to be left alone.
    """

    def __init__(
        self,
        what: str,
        code: str = "",
        reason: Reason | None = None,
        detail: str = "",
        *,
        certain: bool | None = None,
        wait: float = 0.0,
    ) -> None:
        """Take what was asked for ("chat.postMessage"), the word, the kind where no word tells it, and a remark.

        It is `certain` that nothing was done wherever Slack has refused, else only where that is said.
        """
        self.code = code
        self.wait = wait
        reason = reason or (reason_of(code) if code else "down")
        told = f"{code or 'no answer'}{f', {detail}' if detail else ''}"
        remedy = _REMEDIES.get(code, "try again later" if reason in {"limited", "down"} else "")
        sentence = f"Slack refuses {what} ({told}){f': {remedy}' if remedy else ''}."
        super().__init__(sentence, reason, certain=certain)


def reason_of(code: str) -> Reason:
    """The kind of an error of Slack's by its name."""
    if code in _GONE:
        return "gone"
    if code in _LIMITED:
        return "limited"
    return "down" if code in _DOWN else "forbidden"


def by_status(status: int) -> Reason | None:
    """The kind of an error by the status of HTTP, None where the answer's own word tells it."""
    if status in {200, 429}:
        return "limited" if status == 429 else None
    if 400 <= status < 500:
        return "gone" if status in {404, 410} else "forbidden"
    return "down"


def status_of(response: Any) -> int:
    """The status of HTTP of whatever the SDK takes for an answer, 0 where it has none."""
    found = getattr(response, "status_code", None) or getattr(response, "status", None)
    return found if isinstance(found, int) else 0


def retry_after(response: Any) -> float:
    """The seconds for which Slack wants to be left alone; 1 where it does not say."""
    value = next((value for name, value in response.headers.items() if name.lower() == "retry-after"), "1")
    try:
        return max(float(value if isinstance(value, str) else value[0]), 0.1)
    except (ValueError, LookupError):
        return 1.0
