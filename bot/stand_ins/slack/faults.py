"""Ways in which Slack itself misbehaves, and which calls meet them; what is not Slack's own is in bot/stand_ins/faults.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.stand_ins.base import Handler
from bot.stand_ins.faults import status
from bot.stand_ins.slack.calls import Call

ANY = "*"


def ratelimited(seconds: int | None = 30) -> Handler:
    """Status 429, with a Retry-After of so many seconds, or without one."""
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return status(429, '{"ok":false,"error":"ratelimited"}', kind="application/json", headers=headers)


def refused(error: str, **more: Any) -> Handler:
    """Status 200 and not ok: "service_unavailable", "fatal_error", "internal_error", "restricted_action", ..."""
    return status(200, json.dumps({"ok": False, "error": error, **more}), kind="application/json")


def down(code: int = 503) -> Handler:
    """A page for people, as comes from in front of Slack."""
    return status(code, "<!DOCTYPE html><html><body>Server Error</body></html>", kind="text/html")


@dataclass
class Planned:
    """A fault that waits for calls; `times` is how many of them it still meets, None for every one."""

    method: str
    answer: Handler
    times: int | None
    after: bool  # only once the call has been carried out
    when: Callable[[Call], bool] | None


class Plan:
    """The faults to come, the first that fits each call is met."""

    def __init__(self) -> None:
        """Nothing goes wrong."""
        self._planned: list[Planned] = []

    def add(self, planned: Planned) -> None:
        """Let something go wrong."""
        self._planned.append(planned)

    def clear(self, method: str = ANY) -> None:
        """Let a method, or all of them, be well again."""
        self._planned = [each for each in self._planned if method not in {ANY, each.method}]

    def met(self, call: Call) -> Planned | None:
        """The fault that a call meets, used up by it."""
        for planned in self._planned:
            if planned.method in {ANY, call.method} and (planned.when is None or planned.when(call)):
                if planned.times is not None:
                    planned.times -= 1
                    if not planned.times:
                        self._planned.remove(planned)
                return planned
        return None
