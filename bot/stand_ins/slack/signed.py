"""Signed requests to the app's own address, and the ways in which they can be forged."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from bot.stand_ins.slack.world import App, Object

PATIENCE = 3.0  # seconds that Slack waits for an answer


@dataclass
class Signing:
    """How requests are signed from now on: `wrong` with another secret, `left_out` not at all, `age` seconds ago."""

    wrong: bool = False
    left_out: bool = False
    age: float = 0.0


@dataclass(frozen=True)
class Told:
    """What the app answered; `payload` is its JSON, or its plain text as {"text": …}, or empty."""

    status: int
    headers: dict[str, str]
    body: str
    payload: Object


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What Slack writes into X-Slack-Signature: version 0, an HMAC with SHA-256."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()


class Poster:
    """Posts to the app as Slack does; `signing` and `patience` (seconds) may be changed at any time."""

    def __init__(self, app: App, clock: Callable[[], float]) -> None:
        """Post for this app."""
        self.signing = Signing()
        self.patience = PATIENCE
        self._app = app
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, event: bool, payload: Object, retry: int, reason: str) -> Told:
        """Send an event (as JSON), a slash command or an interaction (as forms); raises OSError or TimeoutError."""
        if event:
            body, kind = json.dumps(payload).encode(), "application/json"
        else:
            form = payload if "command" in payload else {"payload": json.dumps(payload)}
            body, kind = urlencode(form, errors="replace").encode(), "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason}
        return await self._send(url, body, headers | self._signed(body))

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    def _signed(self, body: bytes) -> dict[str, str]:
        if self.signing.left_out:
            return {}
        stamp = str(int(self._clock() - self.signing.age))
        secret = self._app.signing_secret + ("-of-another-app" if self.signing.wrong else "")
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature(secret, stamp, body)}

    async def _send(self, url: str, body: bytes, headers: dict[str, str]) -> Told:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        limit = aiohttp.ClientTimeout(total=self.patience)
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False, timeout=limit) as answer:
            text = (await answer.read()).decode(errors="replace")
            return Told(answer.status, dict(answer.headers), text, _payload(answer.content_type, text))


def _payload(kind: str, text: str) -> Object:
    if kind != "application/json":
        return {"text": text} if text.strip() else {}
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
